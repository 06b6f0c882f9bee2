// How a node is made to lead calls of Services to endpoints. One of each for an address family.

import type { ServicePort } from './service-ports.ts'

export interface ProxyMode {
  /** Makes the kernel's rules those of `ports`; a port that did not change is the same object as before. May be repeated. */
  sync(ports: readonly ServicePort[]): Promise<void>
  /** False where somebody else changed the rules so that `sync` has to write all of them anew. */
  isIntact(): Promise<boolean>
  /** Whether `sync` shall be called again later, though nothing changed. */
  readonly isUnfinished?: boolean
  /** Where rules are iptables'. */
  readonly counts?: RuleCounts
  /** Where calls do not go on without kube-proxy. */
  close?(): Promise<void>
}

/** Rules by table: all of them, and those that were written last. */
export type RuleCounts = Readonly<Record<string, { total: number; last: number }>>
