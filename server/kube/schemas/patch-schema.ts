// Answers the strategic merge patch's questions about the built-in kinds.

import type { PatchSchema } from '../apimachinery/patch/patch-schema.ts'
import type { GroupVersionKind, Schemas } from './schemas.ts'

/** Undefined for kinds without facts: custom resources have no strategic merge patch. */
export function patchSchemaOf(_schemas: Schemas, _gvk: GroupVersionKind): PatchSchema | undefined {
  throw new Error('not yet written')
}
