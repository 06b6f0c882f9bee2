// Which OpenAPI a document is in, and what it is made from.

import type { Schemas } from '../schemas.ts'

export interface Dialect {
  version: 2 | 3
  schemas: Schemas
  /** Definition or `definition.field` → text. */
  describe: ReadonlyMap<string, string>
}

export const referenceTo = (name: string, version: 2 | 3) => ({
  $ref: `${version === 3 ? '#/components/schemas/' : '#/definitions/'}${name}`,
})
