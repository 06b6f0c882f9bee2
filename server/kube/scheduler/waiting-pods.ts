// Pods that have a node and wait for somebody's leave to be bound there: plug-ins ask for it at `permit`, and any of them
// may let a pod go on or send it back, until its time is over.
// Upstream: kubernetes/pkg/scheduler/framework/runtime/waiting_pods_map.go.

import type { Pod } from 'kubernetes-types/core/v1'
import type { Clock } from '../../base/clock.ts'
import { goDuration } from '../apimachinery/go-duration.ts'
import { type NodeRejection, reject } from './framework.ts'

/** Nobody waits longer, whatever a plug-in says. */
const MOST_MS = 15 * 60_000

export interface WaitingPod {
  readonly pod: Pod
  readonly node: string
  /** The plug-ins whose leave it still needs. */
  readonly pending: readonly string[]
  allow(plugin: string): void
  reject(plugin: string, message: string): void
}

export class WaitingPods {
  readonly #clock: Clock
  readonly #waiting = new Map<string, WaitingPod>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#waiting.size
  }

  get(uid: string | undefined): WaitingPod | undefined {
    return uid === undefined ? undefined : this.#waiting.get(uid)
  }

  list(): WaitingPod[] {
    return [...this.#waiting.values()]
  }

  /** Undefined when all plug-ins have let it go on; `waits` says how long each gives it. */
  async wait(pod: Pod, node: string, waits: ReadonlyMap<string, number>): Promise<NodeRejection | undefined> {
    const uid = pod.metadata?.uid ?? ''
    const verdict = Promise.withResolvers<NodeRejection | undefined>()
    const pending = new Set(waits.keys())
    const refuse = (plugin: string, message: string) => verdict.resolve({ ...reject(message), plugin })
    const timers = Array.from(waits, ([plugin, waitMs]) => {
      const ms = Math.min(waitMs, MOST_MS)
      const words = `rejected due to timeout after waiting ${goDuration(ms)} at plugin ${plugin}`
      return this.#clock.setTimeout(() => refuse(plugin, words), ms)
    })
    this.#waiting.set(uid, {
      pod,
      node,
      get pending() {
        return [...pending]
      },
      allow(plugin) {
        pending.delete(plugin)
        if (pending.size === 0) verdict.resolve(undefined)
      },
      reject: refuse,
    })
    try {
      return await verdict.promise
    } finally {
      this.#waiting.delete(uid)
      for (const timer of timers) timer[Symbol.dispose]()
    }
  }
}
