// Things that at most one object may hold: a Service's cluster IP, a node port. Each is a key in the store, put and
// deleted in the same transaction as its holder, so that neither a crash nor a second server can give it out twice.

import type { KubeObject } from '../../apimachinery/object-meta.ts'

export interface ClaimChange {
  /** Keys that must be free and will be ours. */
  take: readonly string[]
  release: readonly string[]
}

export interface Claims {
  /** Chooses what the object lacks and writes it in. Throws when what it asks for is taken. Mutates `next`. */
  allocate(next: KubeObject, previous: KubeObject | undefined): ClaimChange
  /** What goes when the object goes. */
  heldBy(object: KubeObject): readonly string[]
}
