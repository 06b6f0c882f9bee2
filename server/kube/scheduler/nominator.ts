// Pods for which room is being made on a node: nobody less important may take it meanwhile.
// Upstream: kubernetes/pkg/scheduler/backend/queue/nominator.go.

import type { Pod } from 'kubernetes-types/core/v1'
import { keyOf } from '../apimachinery/object-meta.ts'

export class Nominator {
  readonly #nominated = new Map<string, { pod: Pod; node: string }>()

  /** `node` unless the pod says one itself. A pod without either has no claim. */
  set(pod: Pod, node = pod.status?.nominatedNodeName): void {
    if (node) this.#nominated.set(keyOf(pod), { pod, node })
    else this.#nominated.delete(keyOf(pod))
  }

  delete(pod: Pod): void {
    this.#nominated.delete(keyOf(pod))
  }

  on(node: string): Pod[] {
    return [...this.#nominated.values()].filter((entry) => entry.node === node).map(({ pod }) => pod)
  }

  get size(): number {
    return this.#nominated.size
  }
}
