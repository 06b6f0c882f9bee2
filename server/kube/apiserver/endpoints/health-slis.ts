// What health checks came to when they were asked, for whoever works out from it how well a server serves: `/metrics/slis`,
// apart from the other metrics, so that it can be read each second. Upstream: component-base/metrics/prometheus/slis.

import { type Labels, Metrics } from '../../../base/metrics.ts'

export class HealthSlis {
  readonly #metrics = new Metrics()
  readonly #last = new Map<string, readonly [Labels, number]>()
  readonly #total = this.#metrics.counter(
    'kubernetes_healthchecks_total',
    'This metric records the results of all healthcheck.',
  )

  constructor() {
    this.#metrics.gauge('kubernetes_healthcheck', 'This metric records the result of a single healthcheck.', () =>
      this.#last.values(),
    )
  }

  /** `type`: the path that was asked, as `livez`. */
  note(name: string, type: string, isFine: boolean): void {
    this.#last.set(`${type}/${name}`, [{ name, type }, isFine ? 1 : 0])
    this.#total.add({ name, status: isFine ? 'success' : 'error', type })
  }

  text(): string {
    return this.#metrics.text()
  }
}
