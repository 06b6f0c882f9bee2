// JSON patch, RFC 6902: a list of operations, all or none.

import type { JsonValue } from '../json.ts'

export function jsonPatch(_document: JsonValue, _operations: JsonValue): JsonValue {
  throw new Error('not yet written')
}
