// Asks one container one kind of question, again and again, and turns runs of answers into a verdict.
//
//   failureThreshold 3:   s s f f s f f F        successThreshold 2:   f s S
//                                       └ failure                        └ success
//
// Upstream: pkg/kubelet/prober/worker.go.

import type { Probe } from 'kubernetes-types/core/v1'
import type { Clock } from '../../../base/clock.ts'
import type { ProbeAnswer } from './run-probe.ts'

export type ProbeVerdict = 'success' | 'failure' | undefined

export interface ProbeWorkerOptions {
  kind: 'liveness' | 'readiness' | 'startup'
  probe: Probe
  clock: Clock
  /** When the container began; the initial delay counts from then, also after a restart of the kubelet. */
  startedAt: number
  initial: ProbeVerdict
  ask(): Promise<ProbeAnswer>
  /** False holds the questions back: liveness and readiness wait for startup. */
  mayAsk(): boolean
  onAnswer(answer: ProbeAnswer): void
  onVerdict(verdict: ProbeVerdict): void
}

// Asked in the very moment of its start hardly any program answers, and with a period of ten seconds that one failure
// would cost ten. (Upstream's workers tick independently of the start, so there the first question comes at random.)
const FIRST_BREATH_MS = 400

export class ProbeWorker implements Disposable {
  readonly #options: ProbeWorkerOptions
  #verdict: ProbeVerdict
  #last: 'success' | 'failure' | undefined
  #run = 0
  #timer: Disposable | undefined
  #stopped = false

  constructor(options: ProbeWorkerOptions) {
    this.#options = options
    this.#verdict = options.initial
    const { clock, probe, startedAt } = options
    const delayMs = Math.max((probe.initialDelaySeconds ?? 0) * 1000, FIRST_BREATH_MS)
    this.#schedule(Math.max(0, startedAt + delayMs - clock.now()))
  }

  get verdict(): ProbeVerdict {
    return this.#verdict
  }

  [Symbol.dispose](): void {
    this.#stopped = true
    this.#timer?.[Symbol.dispose]()
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return
    this.#timer = this.#options.clock.setTimeout(() => void this.#turn(), delayMs)
  }

  async #turn(): Promise<void> {
    const { kind, probe, ask, mayAsk, onAnswer } = this.#options
    const periodMs = (probe.periodSeconds ?? 10) * 1000
    if (!mayAsk()) return this.#schedule(Math.min(periodMs, 1000))
    const answer = await ask().catch((err: unknown): ProbeAnswer => ({ outcome: 'error', output: String(err) }))
    if (this.#stopped) return
    onAnswer(answer)
    // A probe that could not be asked says nothing about the container.
    if (answer.outcome !== 'error') this.#count(answer.outcome)
    // The container will be killed (or has started): there is nothing more to ask of this one.
    if (kind !== 'readiness' && this.#verdict === 'failure') return
    if (kind === 'startup' && this.#verdict === 'success') return
    this.#schedule(periodMs)
  }

  #count(outcome: 'success' | 'failure'): void {
    const { kind, probe, onVerdict } = this.#options
    this.#run = outcome === this.#last ? this.#run + 1 : 1
    this.#last = outcome
    const threshold = outcome === 'failure' ? (probe.failureThreshold ?? 3) : (probe.successThreshold ?? 1)
    if (this.#run < threshold || this.#verdict === outcome) return
    // Readiness begins at "not ready": only the way back up, and down from ready, is news.
    if (kind === 'readiness' && outcome === 'failure' && this.#verdict === undefined) {
      this.#verdict = 'failure'
      return
    }
    this.#verdict = outcome
    onVerdict(outcome)
  }
}
