// Who wants to hear which loops of a cluster are held. Gates change by orders only, and all orders go through the host.

import type { GateState } from '../client/loop-gate.ts'

export type GateListener = (gates: readonly GateState[]) => void

export class GateListeners {
  readonly #of = new Map<string, Set<GateListener>>()

  add(cluster: string, listener: GateListener): Disposable {
    const listeners = this.#of.get(cluster) ?? new Set()
    this.#of.set(cluster, listeners.add(listener))
    return {
      [Symbol.dispose]: () => {
        listeners.delete(listener)
        if (listeners.size === 0 && this.#of.get(cluster) === listeners) this.#of.delete(cluster)
      },
    }
  }

  tell(cluster: string, gates: readonly GateState[]): void {
    for (const listener of this.#of.get(cluster) ?? []) listener(gates)
  }
}
