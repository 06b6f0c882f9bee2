// Which OpenAPI a document is in, and what it is made from.

import type { Schemas } from '../schemas.ts'

export interface Dialect {
  version: 2 | 3
  schemas: Schemas
  /** Definition or `definition.field` → text. */
  describe: ReadonlyMap<string, string>
  /** Each path repeats what its query may be: in words only where nobody has to load them that does not read them. */
  describesQueries: boolean
}

export const referenceTo = (name: string, version: 2 | 3) => ({
  $ref: `${version === 3 ? '#/components/schemas/' : '#/definitions/'}${name}`,
})
