import type { JsonObject } from '../json.ts'
import type { PatchSchema } from './patch-schema.ts'

export interface StrategicMerge {
  original: JsonObject
  patch: JsonObject
  schema: PatchSchema
}

export function strategicMergePatch(_merge: StrategicMerge): JsonObject {
  throw new Error('not yet written')
}
