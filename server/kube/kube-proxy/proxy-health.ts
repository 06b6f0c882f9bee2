// Whether kube-proxy keeps up: news that wait for longer than two rounds of the regular look mean that it does not. Health
// of the node is another thing: one that is about to be taken away shall get no more calls from load balancers.
// Upstream: pkg/proxy/healthcheck/proxy_health.go.

import type { Node } from 'kubernetes-types/core/v1'
import type { Clock } from '../../base/clock.ts'

const PATIENCE_MS = 60_000
/** Put on by the cluster autoscaler. */
const TO_BE_DELETED = 'ToBeDeletedByClusterAutoscaler'

export class ProxyHealth {
  readonly #clock: Clock
  #waitingSince: number | undefined
  /** Undefined until rules were written once. */
  lastUpdated: number | undefined
  isNodeEligible = true

  constructor(clock: Clock) {
    this.#clock = clock
  }

  queued(): void {
    this.#waitingSince ??= this.#clock.now()
  }

  updated(): void {
    this.#waitingSince = undefined
    this.lastUpdated = this.#clock.now()
  }

  see(node: Node | undefined): void {
    const isTainted = node?.spec?.taints?.some(({ key }) => key === TO_BE_DELETED)
    this.isNodeEligible = !isTainted && node?.metadata?.deletionTimestamp === undefined
  }

  get isHealthy(): boolean {
    return this.#waitingSince === undefined || this.#clock.now() - this.#waitingSince < PATIENCE_MS
  }
}
