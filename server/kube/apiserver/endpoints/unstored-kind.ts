// Kinds that are asked for and answered, and never stored: reviews, measurements, the health of components. Discovery and
// OpenAPI tell them beside those that have a registry.

import type { AnyKind } from '../../kinds/define-kind.ts'

export interface UnstoredKind {
  kind: AnyKind
  verbs: readonly string[]
}
