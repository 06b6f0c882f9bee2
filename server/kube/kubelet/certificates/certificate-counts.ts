// How long the kubelet's certificates still last, and how often they were not renewed. Upstream: pkg/kubelet/certificate/kubelet.go.

import { X509Certificate } from 'node:crypto'
import type { Clock } from '../../../base/clock.ts'
import type { Counter, Histogram, Metrics } from '../../../base/metrics.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** From a minute to ten years. */
const LIVES = [MINUTE, HOUR, 4 * HOUR, DAY, ...[7, 30, 90, 180, 360, 1440, 3600].map((days) => days * DAY)]

export class CertificateCounts {
  readonly #clock: Clock
  readonly #failures: Counter
  readonly #lives: Histogram | undefined
  #inUse: X509Certificate | undefined

  constructor(which: 'client' | 'server', { clock, metrics }: { clock: Clock; metrics: Metrics }) {
    this.#clock = clock
    const isServer = which === 'server'
    this.#failures = metrics.counter(
      isServer
        ? 'kubelet_server_expiration_renew_errors'
        : 'kubelet_certificate_manager_client_expiration_renew_errors',
      'Counter of certificate renewal errors.',
    )
    // It is told before anything failed as well: who counts sees the first one so.
    this.#failures.of({})
    this.#lives = isServer
      ? metrics.histogram(
          'kubelet_certificate_manager_server_rotation_seconds',
          'Histogram of the number of seconds the previous certificate lived before being rotated.',
          LIVES,
        )
      : undefined
    const whose = isServer ? "the Kubelet's serving certificate" : "the Kubelet's client certificate"
    metrics.gauge(
      `kubelet_certificate_manager_${which}_ttl_seconds`,
      `Gauge of the TTL (time-to-live) of ${whose}. The value is in seconds until certificate expiry (negative if already expired).`,
      () => (this.#inUse ? [[{}, Math.trunc((this.#inUse.validToDate.getTime() - clock.now()) / 1000)]] : []),
    )
  }

  /** From now on. */
  use(certPem: string): void {
    const before = this.#inUse
    this.#inUse = new X509Certificate(certPem)
    if (before) this.#lives?.observe({}, (this.#clock.now() - before.validFromDate.getTime()) / 1000)
  }

  failed(): void {
    this.#failures.add({})
  }
}
