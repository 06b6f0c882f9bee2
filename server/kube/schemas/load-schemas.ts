import type { Schemas } from './schemas.ts'

export function loadSchemas(): Schemas {
  throw new Error('not yet written')
}
