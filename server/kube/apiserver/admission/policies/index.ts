// ValidatingAdmissionPolicy: rules in CEL about what may be written, where their bindings say that they hold.
// Upstream: apiserver/pkg/admission/plugin/policy/validating.

import type {
  ValidatingAdmissionPolicyBinding as WireBinding,
  ValidatingAdmissionPolicy as WirePolicy,
} from 'kubernetes-types/admissionregistration/v1'
import type { JsonValue } from '../../../apimachinery/json.ts'
import { type LabelSelector, selectorOfObject } from '../../../apimachinery/label-selector.ts'
import type { KubeObject } from '../../../apimachinery/object-meta.ts'
import { StatusError, type StatusReason } from '../../../apimachinery/status-error.ts'
import { createCel } from '../../../cel/cel.ts'
import { Namespace, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from '../../../kinds/index.ts'
import { type AdmissionPlugin, type AdmissionReader, type AdmissionRequest, refusal } from '../admission.ts'
import { isExempt, isMatched, type Matching } from '../match-rules.ts'
import { asValues } from '../review-request.ts'
import { type Breach, PolicyProgram, type Values } from './policy-program.ts'

const AUDIT_KEY = 'validation.policy.admission.k8s.io/validation_failure'

interface Held {
  policy: WirePolicy
  binding: WireBinding
}

export function validatingAdmissionPolicy(): AdmissionPlugin {
  const cel = createCel()
  // Stored objects are frozen and never change: one that is changed is another.
  const programs = new WeakMap<WirePolicy, PolicyProgram>()
  const programOf = (policy: WirePolicy) => {
    const program = programs.get(policy) ?? new PolicyProgram(cel, policy)
    programs.set(policy, program)
    return program
  }
  return {
    name: 'ValidatingAdmissionPolicy',
    handles: (request) => !isExempt(request),
    validate(request, reader) {
      const bindings = reader.list(ValidatingAdmissionPolicyBinding)
      if (bindings.length === 0) return
      const denials: (Breach & Held)[] = []
      for (const binding of bindings) {
        const policy = reader.find(ValidatingAdmissionPolicy, '', binding.spec?.policyName ?? '')
        if (policy && isAbout({ policy, binding }, request, reader)) {
          denials.push(...judge(programOf(policy), { policy, binding }, { request, reader }))
        }
      }
      const [first] = denials
      if (first) throw denial(request, first)
    },
  }
}

const isAbout = ({ policy, binding }: Held, request: AdmissionRequest, reader: AdmissionReader): boolean => {
  const { matchResources } = binding.spec ?? {}
  if (!isMatched((policy.spec?.matchConstraints ?? {}) as Matching, request, reader)) return false
  if (!matchResources) return true
  // A binding narrows; without rules of its own it leaves them as they are.
  const rules = (matchResources as Matching).resourceRules ?? []
  const narrowed = { ...matchResources, ...(rules.length > 0 ? {} : { resourceRules: ANYTHING }) } as Matching
  return isMatched(narrowed, request, reader)
}

const ANYTHING = [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*', '*'] }]

/** What is to be refused; what is only to be told is told. */
function judge(
  program: PolicyProgram,
  held: Held,
  { request, reader }: { request: AdmissionRequest; reader: AdmissionReader },
): (Breach & Held)[] {
  const values = asValues(request)
  const namespace = request.namespace ? reader.find(Namespace, '', request.namespace) : undefined
  const namespaceObject = (namespace ?? null) as JsonValue
  const found: Breach[] = []
  const whole = (message: string): Breach => ({ message, reason: 'Invalid', index: 0 })
  try {
    for (const params of paramsOf(held, request, reader)) {
      const all: Values = { ...values, namespaceObject, params }
      if (!program.isMeant(all)) continue
      const { breaches, annotations } = program.breaches(all)
      for (const [key, value] of Object.entries(annotations)) request.annotate(key, value)
      found.push(...breaches)
    }
  } catch (err) {
    if (held.policy.spec?.failurePolicy !== 'Ignore')
      found.push(whole(err instanceof Error ? err.message : String(err)))
  }
  return tell(found, held, request)
}

function tell(found: readonly Breach[], held: Held, request: AdmissionRequest): (Breach & Held)[] {
  const { policy, binding } = held
  const actions = binding.spec?.validationActions ?? []
  const [name, where] = [policy.metadata?.name, binding.metadata?.name]
  if (actions.includes('Warn')) {
    for (const { message } of found) {
      request.warn(`Validation failed for ValidatingAdmissionPolicy '${name}' with binding '${where}': ${message}`)
    }
  }
  if (actions.includes('Audit') && found.length > 0) {
    const failures = found.map(({ message, index }) => ({
      message,
      policy: name,
      binding: where,
      expressionIndex: index,
      validationActions: actions,
    }))
    request.annotate(AUDIT_KEY, JSON.stringify(failures))
  }
  return actions.includes('Deny') ? found.map((breach) => ({ ...breach, ...held })) : []
}

/** One turn for each object of parameters; a single one without any where the policy takes none. */
function paramsOf({ policy, binding }: Held, request: AdmissionRequest, reader: AdmissionReader): JsonValue[] {
  const { paramKind } = policy.spec ?? {}
  const { paramRef } = binding.spec ?? {}
  if (!paramKind || !paramRef) return [null]
  const kind = reader.kindOf(paramKind.apiVersion ?? '', paramKind.kind ?? '')
  if (!kind)
    throw new Error(
      `failed to find resource referenced by paramKind: '${paramKind.apiVersion}, Kind=${paramKind.kind}'`,
    )
  const namespace = kind.namespaced ? paramRef.namespace || request.namespace : undefined
  const isMeant = (object: KubeObject) =>
    paramRef.name
      ? object.metadata?.name === paramRef.name
      : selectorOfObject(paramRef.selector as LabelSelector).matches(object.metadata?.labels)
  const found = reader.list(kind, namespace).filter(isMeant)
  if (found.length > 0) return found as unknown as JsonValue[]
  if (paramRef.parameterNotFoundAction === 'Allow') return []
  throw new Error('no params found for policy binding with `Deny` parameterNotFoundAction')
}

function denial(request: AdmissionRequest, { policy, binding, message, reason }: Breach & Held): StatusError {
  const by = `ValidatingAdmissionPolicy '${policy.metadata?.name}' with binding '${binding.metadata?.name}'`
  const text = `${by} denied request: ${message}`
  const { message: whole, details } = refusal(request, text)
  return new StatusError(reason as StatusReason, whole, { details: { ...details, causes: [{ message: text }] } })
}
