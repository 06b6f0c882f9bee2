// How long it takes, and how often it is done, to ask the runtime for all there is: what events have missed is found so.
// Upstream: pkg/kubelet/pleg/generic.go.

import type { Clock } from '../../../base/clock.ts'
import type { Histogram, Metrics } from '../../../base/metrics.ts'
import { USUAL_BOUNDS } from './bounds.ts'

export class Relists {
  readonly #clock: Clock
  readonly #durations: Histogram
  readonly #intervals: Histogram
  #last: { at: number; monotonic: number } | undefined

  constructor({ clock, metrics }: { clock: Clock; metrics: Metrics }) {
    this.#clock = clock
    this.#durations = metrics.histogram(
      'kubelet_pleg_relist_duration_seconds',
      'Duration in seconds for relisting pods in PLEG.',
      USUAL_BOUNDS,
    )
    this.#intervals = metrics.histogram(
      'kubelet_pleg_relist_interval_seconds',
      'Interval in seconds between relisting in PLEG.',
      USUAL_BOUNDS,
    )
    metrics.gauge('kubelet_pleg_last_seen_seconds', 'Timestamp in seconds when PLEG was last seen active.', () =>
      this.#last ? [[{}, Math.floor(this.#last.at / 1000)]] : [],
    )
  }

  /** Until it is disposed, all there is is asked for. */
  begin(): Disposable {
    const monotonic = this.#clock.monotonic()
    if (this.#last) this.#intervals.observe({}, (monotonic - this.#last.monotonic) / 1000)
    this.#last = { at: this.#clock.now(), monotonic }
    return {
      [Symbol.dispose]: () => this.#durations.observe({}, (this.#clock.monotonic() - monotonic) / 1000),
    }
  }
}
