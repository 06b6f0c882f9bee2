// Things that at most one object may hold: a Service's cluster IP, a node port. Each is a key in the store, put and
// deleted in the same transaction as its holder, so that neither a crash nor a second server can give it out twice.
// What stands at the key may be an object that everybody can read: a cluster IP's claim is its IPAddress.

import type { KubeObject } from '../../apimachinery/object-meta.ts'

export interface ClaimChange {
  /** Keys that must be free and will be ours. */
  take: readonly { key: string; value: Buffer }[]
  release: readonly string[]
}

export interface Claims {
  /** Chooses what the object lacks and writes it in. Throws when what it asks for is taken. Mutates `next`. */
  allocate(next: KubeObject, previous: KubeObject | undefined): ClaimChange
  /** What goes when the object goes. */
  heldBy(object: KubeObject): readonly string[]
}
