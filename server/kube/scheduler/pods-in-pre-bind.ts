// Pods that have a node and whose plug-ins see to what must be there before they are bound, which may take minutes. Until
// then their room can be taken away again. Upstream: kubernetes/pkg/scheduler/framework/runtime/pods_in_prebind_map.go.

import type { Pod } from 'kubernetes-types/core/v1'

export class PodsInPreBind {
  readonly #cancels = new Map<string | undefined, AbortController>()

  /** Rejects when it was cancelled, also where the work did not heed that. */
  async run({ metadata }: Pod, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const cancel = new AbortController()
    this.#cancels.set(metadata?.uid, cancel)
    try {
      await work(cancel.signal)
      cancel.signal.throwIfAborted()
    } finally {
      this.#cancels.delete(metadata?.uid)
    }
  }

  /** False when it is not, or no longer, among them. */
  cancel({ metadata }: Pod, message: string): boolean {
    const cancel = this.#cancels.get(metadata?.uid)
    cancel?.abort(new Error(message))
    return cancel !== undefined
  }
}
