// MutatingAdmissionPolicy: changes in CEL to what is about to be written, where their bindings say so.
// Upstream: apiserver/pkg/admission/plugin/policy/mutating/dispatcher.go.

import { Pace } from '../../../../base/pace.ts'
import { type JsonObject, writeJson } from '../../../apimachinery/json.ts'
import type { KubeObject } from '../../../apimachinery/object-meta.ts'
import { type Status, StatusError } from '../../../apimachinery/status-error.ts'
import { createCel } from '../../../cel/cel.ts'
import { knownInPolicy } from '../../../kinds/admission/policies.ts'
import type { Kind } from '../../../kinds/define-kind.ts'
import { MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding } from '../../../kinds/index.ts'
import type { WireMutatingPolicy } from '../../../kinds/mutating-admission-policy.ts'
import type { ApplySchema } from '../../../schemas/apply/apply-schema.ts'
import type { GroupVersionKind, Schemas } from '../../../schemas/schemas.ts'
import { applySchemaOfKind } from '../../../schemas/structural/apply-of-schema.ts'
import type { Authorizer } from '../../authorization/authorizer.ts'
import { type AdmissionPlugin, type AdmissionReader, type AdmissionRequest, refusal } from '../admission.ts'
import type { AdmissionMetrics, ErrorType } from '../admission-metrics.ts'
import { AuthorizerAnswers } from '../expressions/authorizer-answers.ts'
import { ALL, CONDITIONS, Compiled, OutOfBudget } from '../expressions/compiled.ts'
import { areMet } from '../expressions/match-conditions.ts'
import { isExempt } from '../match-rules.ts'
import { replaceObject } from '../replace-object.ts'
import { asValues, onTheWire, takeOver, Views } from '../review-request.ts'
import { type Binding, type Invocation, invocationsOf } from './invocations.ts'
import { mutated } from './mutations.ts'

const NAME = 'MutatingAdmissionPolicy'

type P = WireMutatingPolicy
const KINDS = {
  policies: MutatingAdmissionPolicy,
  bindings: MutatingAdmissionPolicyBinding as unknown as Kind<Binding>,
}

interface Problem {
  text: string
  reason: 'Invalid' | 'Forbidden'
}

export function mutatingAdmissionPolicy(
  authorizers: readonly Authorizer[],
  schemas: Schemas,
  metrics?: AdmissionMetrics,
): AdmissionPlugin {
  const cel = createCel()
  // Stored objects are frozen and never change: one that is changed is another.
  const programs = new WeakMap<P, Compiled>()
  const applySchemas = new WeakMap<GroupVersionKind, ApplySchema>()
  const programOf = (policy: P) => {
    const program = programs.get(policy) ?? new Compiled(cel, { ...knownInPolicy(policy.spec ?? {}), isMutating: true })
    programs.set(policy, program)
    return program
  }
  const schemaOf = (kind: GroupVersionKind) => {
    const schema = applySchemas.get(kind) ?? applySchemaOfKind(schemas, kind)
    applySchemas.set(kind, schema)
    return schema
  }

  /** True when it has looked, as all its conditions wanted. */
  async function invoke(
    { policy, binding, params, version }: Invocation<P, Binding>,
    {
      request,
      reader,
      ...told
    }: { request: AdmissionRequest; reader: AdmissionReader; authorizer: AuthorizerAnswers; pace: Pace },
    isWanted: () => boolean,
  ): Promise<boolean> {
    const view = await new Views(request).as(version)
    const { object } = view
    const of = view.objectKind ?? view.kind
    const values = () => ({ ...asValues(view, reader), params })
    const { matchConditions = [], mutations = [] } = policy.spec ?? {}
    const conditions = programOf(policy).turn(values(), { ...told, budget: CONDITIONS })
    if (!(await areMet(matchConditions, conditions, { failsClosed: failsClosed(policy) })) || !isWanted()) return false
    const problems: unknown[] = []
    for (const mutation of mutations) {
      if (!object) continue
      const turn = programOf(policy).turn(values(), { ...told, budget: ALL })
      const from = reader.clock.monotonic()
      const count = (error: ErrorType, action: 'allow' | 'deny') => {
        const [name, where] = [policy.metadata?.name ?? '', binding.metadata?.name ?? '']
        const seconds = (reader.clock.monotonic() - from) / 1000
        metrics?.check({ of: 'mutating', policy: name, binding: where, seconds, error, action })
      }
      try {
        const before = onTheWire(view, object) as JsonObject
        const next = await mutated(before, mutation, turn, { schemas, kind: of, schema: schemaOf(of) })
        replaceObject(view, next, schemas)
        count('no_error', 'allow')
      } catch (err) {
        count(err instanceof OutOfBudget ? 'out_of_budget' : 'invalid_error', 'deny')
        if (err instanceof StatusError) throw err
        problems.push(err)
      }
    }
    await takeOver(request, view)
    if (problems.length > 0) throw problems[0]
    return true
  }

  async function mutate(request: AdmissionRequest, reader: AdmissionReader): Promise<void> {
    const pace = new Pace(reader.clock)
    const { invocations, misconfigured } = await pace.through(invocationsOf(KINDS, request, reader))
    const invoked = request.reinvocation.of(NAME, request.object)
    const authorizer = new AuthorizerAnswers(authorizers, request)
    const problems: Problem[] = misconfigured
      .filter(({ policy }) => failsClosed(policy))
      .map((one) => ({ text: said(one, one.problem), reason: 'Forbidden' }))
    for (const invocation of invocations) {
      const pause = pace.pause()
      if (pause) await pause
      const { policy } = invocation
      const key = keyOf(invocation)
      const before = writeJson(request.object)
      const isWanted = () => !request.reinvocation.isAgain || invoked.isWanted(key)
      try {
        if (!(await invoke(invocation, { request, reader, authorizer, pace }, isWanted))) continue
      } catch (err) {
        if (err instanceof StatusError) throw err
        if (failsClosed(policy)) problems.push({ text: said(invocation, (err as Error).message), reason: 'Invalid' })
      }
      if (before !== writeJson(request.object)) {
        invoked.requireAll()
        request.reinvocation.want()
      }
      if (policy.spec?.reinvocationPolicy === 'IfNeeded') invoked.remember(key)
    }
    invoked.leave(request.object)
    if (problems.length > 0) throw new PolicyDenial(request, problems)
  }

  return {
    name: NAME,
    handles: (request) => !isExempt(request),
    mutate: (request, reader) => (reader.list(KINDS.bindings).length > 0 ? mutate(request, reader) : undefined),
  }
}

const failsClosed = ({ spec }: P) => spec?.failurePolicy !== 'Ignore'

function keyOf({ policy, binding, params }: Invocation<P, Binding>): string {
  const { namespace, name } = (params as KubeObject | null)?.metadata ?? {}
  return JSON.stringify([policy.metadata?.name, binding.metadata?.name, namespace, name])
}

function said({ policy, binding }: { policy: P; binding?: Binding }, why: string): string {
  return binding
    ? `policy '${policy.metadata?.name}' with binding '${binding.metadata?.name}' denied request: ${why}`
    : `policy ${JSON.stringify(policy.metadata?.name)} denied request: ${why}`
}

/** Upstream words it as it is, and calls it invalid, but answers 403. */
class PolicyDenial extends StatusError {
  readonly #status: Partial<Status>

  constructor(request: AdmissionRequest, problems: readonly Problem[]) {
    const { details } = refusal(request, '')
    super('Forbidden', problems[0]?.text ?? '')
    const causes = problems.map(({ text }) => ({ message: text }))
    this.#status = { reason: problems[0]?.reason ?? 'Forbidden', details: { ...details, causes } }
  }

  override toStatus(): Status {
    return { ...super.toStatus(), ...this.#status }
  }
}
