// How long admission takes, by whom it is refused, and what webhooks and policies had to do with it.
// Upstream: apiserver/pkg/admission/metrics, apiserver/pkg/admission/plugin/policy/{validating,mutating}/metrics.

import type { Counter, Histogram, Metrics, Series } from '../../../base/metrics.ts'

const SECONDS = [0.005, 0.025, 0.1, 0.5, 1, 2.5]
const CHECK_SECONDS = [0.0000005, 0.001, 0.01, 0.1, 1]
const PREFIX = 'apiserver_admission_'

export type Step = 'admit' | 'validate'
export type ErrorType = 'compile_error' | 'invalid_error' | 'out_of_budget' | 'no_error'

/** What came of asking a webhook. */
export interface WebhookOutcome {
  name: string
  type: 'admit' | 'validating'
  operation: string
  seconds: number
  code: number
  rejected: 'calling_webhook_error' | 'apiserver_internal_error' | 'no_error' | undefined
}

export interface CheckOutcome {
  of: 'validating' | 'mutating'
  policy: string
  binding: string
  seconds: number
  error: ErrorType
  action: 'allow' | 'deny' | 'audit' | 'warn'
}

export class AdmissionMetrics {
  readonly #steps: Histogram
  readonly #plugins: Histogram
  /** Asked for with every write: found without making labels. */
  readonly #known = new Map<string, Map<string, Series>[]>()
  readonly #webhooks: Histogram
  readonly #webhookRequests: Counter
  readonly #rejections: Counter
  readonly #failOpen: Counter
  readonly #conditionErrors: Counter
  readonly #exclusions: Counter
  readonly #checks: Record<CheckOutcome['of'], { count: Counter; seconds: Histogram }>

  constructor(metrics: Metrics) {
    const histogram = (name: string, help: string, bounds = SECONDS) => metrics.histogram(PREFIX + name, help, bounds)
    const counter = (name: string, help: string) => metrics.counter(PREFIX + name, help)
    this.#steps = histogram('step_admission_duration_seconds', 'Time of all plug-ins together.')
    this.#plugins = histogram('controller_admission_duration_seconds', 'Time of each plug-in.')
    this.#webhooks = histogram('webhook_admission_duration_seconds', 'Time of each webhook.', [...SECONDS, 10, 25])
    this.#webhookRequests = counter('webhook_request_total', 'Requests to webhooks, by what came of them.')
    this.#rejections = counter('webhook_rejection_count', 'Requests refused by or for want of a webhook.')
    this.#failOpen = counter('webhook_fail_open_count', 'Requests let through though a webhook failed.')
    this.#conditionErrors = counter('match_condition_evaluation_errors_total', 'Match conditions that failed.')
    this.#exclusions = counter('match_condition_exclusions_total', 'Webhooks and policies not asked by condition.')
    const checks = (of: CheckOutcome['of']) => {
      const prefix = `apiserver_${of}_admission_policy_check_`
      return {
        count: metrics.counter(`${prefix}total`, 'Checks of policies, by what came of them.'),
        seconds: metrics.histogram(`${prefix}duration_seconds`, 'Time of checks of policies.', CHECK_SECONDS),
      }
    }
    this.#checks = { validating: checks('validating'), mutating: checks('mutating') }
  }

  step(type: Step, operation: string, rejected: boolean, seconds: number): void {
    this.#seriesOf(this.#steps, '', { type, operation, rejected }).observe(seconds)
  }

  plugin(name: string, type: Step, operation: string, rejected: boolean, seconds: number): void {
    this.#seriesOf(this.#plugins, name, { type, operation, rejected }).observe(seconds)
  }

  #seriesOf(of: Histogram, name: string, told: { type: Step; operation: string; rejected: boolean }): Series {
    const { type, operation, rejected } = told
    let known = this.#known.get(name)
    if (!known) {
      known = [new Map(), new Map(), new Map(), new Map()]
      this.#known.set(name, known)
    }
    const byOperation = known[(type === 'admit' ? 0 : 1) + (rejected ? 2 : 0)]!
    let series = byOperation.get(operation)
    if (!series) {
      series = of.of({ ...(name ? { name } : {}), type, operation, rejected: String(rejected) })
      byOperation.set(operation, series)
    }
    return series
  }

  webhook({ name, type, operation, seconds, code, rejected }: WebhookOutcome): void {
    const bounded = String(Math.min(code, 600))
    const isRejected = String(rejected !== undefined)
    this.#webhookRequests.add({ name, type, operation, code: bounded, rejected: isRejected })
    this.#webhooks.of({ name, type, operation, rejected: isRejected }).observe(seconds)
    if (rejected) this.#rejections.add({ name, type, operation, error_type: rejected, rejection_code: bounded })
  }

  failOpen(name: string, type: WebhookOutcome['type']): void {
    this.#failOpen.add({ name, type })
  }

  conditionFailed(name: string, kind: 'webhook' | 'policy', type: Step, operation: string): void {
    this.#conditionErrors.add({ name, kind, type, operation })
  }

  excluded(name: string, kind: 'webhook' | 'policy', type: Step, operation: string): void {
    this.#exclusions.add({ name, kind, type, operation })
  }

  check({ of, policy, binding, seconds, error, action }: CheckOutcome): void {
    const labels = { policy, policy_binding: binding, error_type: error, enforcement_action: action }
    this.#checks[of].count.add(labels)
    this.#checks[of].seconds.of(labels).observe(seconds)
  }
}
