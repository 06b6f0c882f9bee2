// ValidatingAdmissionPolicy: rules in CEL about what may be written, where their bindings say that they hold.
// Upstream: apiserver/pkg/admission/plugin/policy/validating/{dispatcher,validator}.go.

import type {
  Validation,
  ValidatingAdmissionPolicyBinding as WireBinding,
  ValidatingAdmissionPolicy as WirePolicy,
} from 'kubernetes-types/admissionregistration/v1'
import { Pace } from '../../../../base/pace.ts'
import { StatusError, type StatusReason } from '../../../apimachinery/status-error.ts'
import { createCel } from '../../../cel/cel.ts'
import { knownInPolicy } from '../../../kinds/admission/policies.ts'
import type { Kind } from '../../../kinds/define-kind.ts'
import { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from '../../../kinds/index.ts'
import type { Authorizer } from '../../authorization/authorizer.ts'
import { type AdmissionPlugin, type AdmissionReader, type AdmissionRequest, refusal } from '../admission.ts'
import type { AdmissionMetrics, ErrorType } from '../admission-metrics.ts'
import { AuthorizerAnswers } from '../expressions/authorizer-answers.ts'
import { ALL, CONDITIONS, Compiled, OutOfBudget, type Turn } from '../expressions/compiled.ts'
import { areMet } from '../expressions/match-conditions.ts'
import { isExempt } from '../match-rules.ts'
import { asValues, Views } from '../review-request.ts'
import { type Binding, type Invocation, invocationsOf, type Policy } from './invocations.ts'

const AUDIT_KEY = 'validation.policy.admission.k8s.io/validation_failure'
const LONGEST_ANNOTATION = 10 * 1024
const LONGEST_MESSAGE = 5 * 1024

type P = WirePolicy & Policy
type B = WireBinding & Binding
const KINDS = {
  policies: ValidatingAdmissionPolicy as unknown as Kind<P>,
  bindings: ValidatingAdmissionPolicyBinding as unknown as Kind<B>,
}

interface Breach {
  message: string
  reason: string
  index: number
  /** Where the rule was not broken but could not be judged. */
  error?: ErrorType
}

interface Denial {
  policy: P
  binding?: B | undefined
  message: string
  reason: string
}

export function validatingAdmissionPolicy(
  authorizers: readonly Authorizer[],
  metrics?: AdmissionMetrics,
): AdmissionPlugin {
  const cel = createCel()
  // Stored objects are frozen and never change: one that is changed is another.
  const programs = new WeakMap<P, Compiled>()
  const programOf = (policy: P) => {
    const program = programs.get(policy) ?? new Compiled(cel, knownInPolicy(policy.spec ?? {}))
    programs.set(policy, program)
    return program
  }
  /** Each breach by what is done about it. */
  const count = ({ policy, binding }: Invocation<P, B>, breaches: readonly Breach[], seconds: number) => {
    const [name, where] = [policy.metadata?.name ?? '', binding.metadata?.name ?? '']
    const of = { of: 'validating' as const, policy: name, binding: where, seconds }
    for (const { error = 'no_error' } of breaches) {
      for (const action of binding.spec?.validationActions ?? []) {
        metrics?.check({ ...of, error, action: action.toLowerCase() as 'deny' | 'audit' | 'warn' })
      }
    }
  }
  const judge = async (request: AdmissionRequest, reader: AdmissionReader) => {
    const pace = new Pace(reader.clock)
    const { invocations, misconfigured } = await pace.through(invocationsOf(KINDS, request, reader))
    const denials: Denial[] = misconfigured
      .filter(({ policy }) => failsClosed(policy))
      .map(({ problem, ...held }) => ({ ...held, message: problem, reason: 'Invalid' }))
    const authorizer = new AuthorizerAnswers(authorizers, request)
    const annotations = new Annotations()
    const seen = new Views(request)
    for (const held of invocations) {
      const pause = pace.pause()
      if (pause) await pause
      try {
        const values = asValues(await seen.as(held.version), reader)
        const turn = (budget: number) =>
          programOf(held.policy).turn({ ...values, params: held.params }, { authorizer, pace, budget })
        const isMeant = await areMet(held.policy.spec?.matchConditions ?? [], turn(CONDITIONS), {
          failsClosed: failsClosed(held.policy),
          onError: () =>
            metrics?.conditionFailed(held.policy.metadata?.name ?? '', 'policy', 'validate', request.operation),
        })
        if (!isMeant) {
          metrics?.excluded(held.policy.metadata?.name ?? '', 'policy', 'validate', request.operation)
          continue
        }
        const from = reader.clock.monotonic()
        const breaches = await breachesOf(held.policy, turn(ALL))
        count(held, breaches, (reader.clock.monotonic() - from) / 1000)
        denials.push(...tell(breaches, held, request))
        denials.push(...(await annotate(held, turn(ALL), annotations)))
      } catch (err) {
        const error = err instanceof OutOfBudget ? ('out_of_budget' as const) : ('invalid_error' as const)
        const breach = { message: (err as Error).message, reason: 'Invalid', index: 0, error }
        if (!failsClosed(held.policy)) continue
        count(held, [breach], 0)
        denials.push(...tell([breach], held, request))
      }
    }
    annotations.tell(request)
    const [first] = denials
    if (first) throw denied(request, first)
  }
  return {
    name: 'ValidatingAdmissionPolicy',
    handles: (request) => !isExempt(request),
    validate: (request, reader) => (reader.list(KINDS.bindings).length > 0 ? judge(request, reader) : undefined),
  }
}

const failsClosed = ({ spec }: P) => spec?.failurePolicy !== 'Ignore'

/** Throws OutOfBudget. */
async function breachesOf(policy: P, turn: Turn): Promise<Breach[]> {
  const breaches: Breach[] = []
  for (const [index, validation] of (policy.spec?.validations ?? []).entries()) {
    const { expression } = validation
    try {
      if ((await turn.run(expression)) === true) continue
      breaches.push({ message: await messageOf(validation, turn), reason: validation.reason ?? 'Invalid', index })
    } catch (err) {
      if (err instanceof OutOfBudget) throw err
      if (failsClosed(policy))
        breaches.push({ message: (err as Error).message, reason: 'Invalid', index, error: 'invalid_error' })
    }
  }
  return breaches
}

async function messageOf({ expression, message, messageExpression }: Validation, turn: Turn): Promise<string> {
  const made = messageExpression ? await textOf(messageExpression, turn) : ''
  return made || message?.trim() || `failed expression: ${expression.trim()}`
}

/** Empty where it is none that could be shown. */
async function textOf(expression: string, turn: Turn): Promise<string> {
  try {
    const value = await turn.run(expression)
    const text = typeof value === 'string' ? value.trim() : ''
    return text.includes('\n') || Buffer.byteLength(text) > LONGEST_MESSAGE ? '' : text
  } catch (err) {
    if (err instanceof OutOfBudget) throw new Error(`failed messageExpression: ${err.message}`, { cause: err })
    return ''
  }
}

/** What is only to be told is told; what is to be refused is given back. */
function tell(breaches: readonly Breach[], held: Invocation<P, B>, request: AdmissionRequest): Denial[] {
  const { policy, binding } = held
  const actions = binding.spec?.validationActions ?? []
  const [name, where] = [policy.metadata?.name, binding.metadata?.name]
  for (const { message, index } of breaches) {
    if (actions.includes('Warn')) {
      request.warn(`Validation failed for ValidatingAdmissionPolicy '${name}' with binding '${where}': ${message}`)
    }
    if (actions.includes('Audit')) {
      const failure = { message, policy: name, binding: where, expressionIndex: index, validationActions: actions }
      request.annotate(AUDIT_KEY, JSON.stringify([failure]))
    }
  }
  return actions.includes('Deny') ? breaches.map(({ message, reason }) => ({ policy, binding, message, reason })) : []
}

/** The policy's own words for the audit log; what goes wrong there is refused. */
async function annotate(held: Invocation<P, B>, turn: Turn, annotations: Annotations): Promise<Denial[]> {
  const { policy, binding } = held
  const denials: Denial[] = []
  const refuse = (message: string) => denials.push({ policy, binding, message, reason: 'Invalid' })
  for (const { key, valueExpression } of policy.spec?.auditAnnotations ?? []) {
    try {
      const value = await turn.run(valueExpression)
      if (typeof value === 'string') annotations.add(`${policy.metadata?.name}/${key}`, value.trim())
      else if (value !== null) {
        const what = `valueExpression '${valueExpression}' resulted in unsupported return type: ${typeof value}`
        refuse(`${what}. Return type must be either string or null.`)
      }
    } catch (err) {
      if (failsClosed(policy)) refuse((err as Error).message)
    }
  }
  return denials
}

/** What several bindings say under one key is said once each, with commas. */
class Annotations {
  readonly #values = new Map<string, Set<string>>()

  add(key: string, value: string): void {
    if (value === '') return
    const known = this.#values.get(key) ?? new Set()
    this.#values.set(key, known.add(value.slice(0, LONGEST_ANNOTATION)))
  }

  tell(request: AdmissionRequest): void {
    for (const [key, values] of this.#values) request.annotate(key, [...values].join(', '))
  }
}

function denied(request: AdmissionRequest, { policy, binding, message, reason }: Denial): StatusError {
  const where = binding ? ` with binding '${binding.metadata?.name}'` : ''
  const text = `ValidatingAdmissionPolicy '${policy.metadata?.name}'${where} denied request: ${message}`
  const { message: whole, details } = refusal(request, text)
  return new StatusError(reason as StatusReason, whole, { details: { ...details, causes: [{ message: text }] } })
}
