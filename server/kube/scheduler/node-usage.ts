// What nodes really use, as metrics.k8s.io tells it, with what has been placed on them since it was measured. Asked for
// only while somebody scores by it. Whoever schedules must be let read it: `system:aggregated-metrics-reader`.

import type { Pod } from 'kubernetes-types/core/v1'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Client } from '../client/client.ts'
import { add, amountsOf, podResources, type Resources } from '../kinds/placement/pod-resources.ts'

const ASK_EVERY_MS = 15_000
/** Older figures say nothing. */
const FORGET_AFTER_MS = 5 * 60_000

interface NodeMetricsList {
  items?: { metadata?: { name?: string }; timestamp?: string; usage?: Record<string, string> }[]
}

export class NodeUsage {
  readonly #options: { client: Client; clock: Clock; logger: Logger }
  #usage: ReadonlyMap<string, { usage: Resources; at: number }> = new Map()
  #placed: { node: string; requests: Resources; at: number }[] = []
  #askedAt = Number.NEGATIVE_INFINITY

  constructor(options: { client: Client; clock: Clock; logger: Logger }) {
    this.#options = options
  }

  /** Asks anew when it is time to; what it hears is for the next pods. */
  refresh(): void {
    const now = this.#options.clock.monotonic()
    if (now - this.#askedAt < ASK_EVERY_MS) return
    this.#askedAt = now
    this.#ask().catch((err: unknown) => this.#options.logger.warn('the usage of nodes is not known', { err }))
  }

  /** Undefined when nobody has measured it lately. */
  of(node: string): Resources | undefined {
    const known = this.#usage.get(node)
    if (!known || this.#options.clock.now() - known.at > FORGET_AFTER_MS) return undefined
    const usage: Resources = new Map(known.usage)
    for (const placed of this.#placed) {
      if (placed.node !== node || placed.at <= known.at) continue
      for (const [name, amount] of placed.requests) add(usage, name, amount)
    }
    return usage
  }

  /** It will use something there, and nobody has measured it yet. */
  place(pod: Pod, node: string): void {
    this.#placed.push({ node, requests: podResources(pod).requests, at: this.#options.clock.now() })
  }

  async #ask(): Promise<void> {
    const { transport } = this.#options.client
    const list = (await transport.request({
      method: 'GET',
      path: '/apis/metrics.k8s.io/v1beta1/nodes',
    })) as NodeMetricsList
    this.#usage = new Map(
      (list.items ?? []).map(({ metadata, timestamp = '', usage }) => [
        metadata?.name ?? '',
        { usage: amountsOf(usage), at: Date.parse(timestamp) || 0 },
      ]),
    )
    const oldest = Math.min(...Array.from(this.#usage.values(), ({ at }) => at))
    this.#placed = this.#placed.filter(({ at }) => at > oldest)
  }
}
