// How long a pod that failed is left on its node before the next is tried: not at all, then 1 s, 2 s, 4 s … 15 min.
// A kubelet that refuses a pod would otherwise be asked again and again.
// Upstream: failedPodsBackoff of kubernetes/pkg/controller/daemon/daemon_controller.go.

import type { DaemonSet } from 'kubernetes-types/apps/v1'

const INITIAL_MS = 1_000
const MAX_MS = 15 * 60_000
const FORGOTTEN_AFTER_MS = 2 * MAX_MS

interface Failed {
  delayMs: number
  at: number
}

export class FailedPods {
  readonly #clock: { monotonic(): number }
  /** By set, then by what the set was like and the node. */
  readonly #failed = new Map<string, Map<string, Failed>>()

  constructor(clock: { monotonic(): number }) {
    this.#clock = clock
  }

  waitMs(key: string, set: DaemonSet, node: string): number {
    const failed = this.#failed.get(key)?.get(placeOf(set, node))
    const sinceMs = failed ? this.#clock.monotonic() - failed.at : 0
    return failed && sinceMs <= FORGOTTEN_AFTER_MS ? Math.max(0, failed.delayMs - sinceMs) : 0
  }

  add(key: string, set: DaemonSet, node: string): void {
    const now = this.#clock.monotonic()
    const ofSet = this.#failed.get(key) ?? new Map<string, Failed>()
    for (const [place, { at }] of ofSet) if (now - at > FORGOTTEN_AFTER_MS) ofSet.delete(place)
    const before = ofSet.get(placeOf(set, node))
    ofSet.set(placeOf(set, node), { delayMs: before ? Math.min(MAX_MS, before.delayMs * 2) : INITIAL_MS, at: now })
    this.#failed.set(key, ofSet)
  }

  forget(key: string): void {
    this.#failed.delete(key)
  }
}

const placeOf = ({ metadata, status }: DaemonSet, node: string) =>
  `${metadata?.uid} ${status?.observedGeneration ?? 0} ${node}`
