// The MutatingAdmissionPolicy: changes in CEL to what is about to be written.
// Upstream: kubernetes/pkg/registry/admissionregistration/mutatingadmissionpolicy.

import { oneOf } from '../apimachinery/field-checks.ts'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ExpressionChecks, type KnownToExpressions } from '../cel/admission.ts'
import { defaultPolicy, knownInPolicy, type PolicySpec, policyErrors } from './admission/policies.ts'
import { expressionErrors, mutatingOperationErrors, shownParamKind } from './admission/rules.ts'
import { suffixWarnings } from './admission/static-suffix.ts'
import { ageColumn, defineKind, nameColumn, validatedInPieces } from './define-kind.ts'

interface Expression {
  expression?: string
}

export interface Mutation {
  patchType?: string
  applyConfiguration?: Expression
  jsonPatch?: Expression
}

export interface WireMutatingPolicy extends KubeObject {
  spec?: PolicySpec & { mutations?: Mutation[]; reinvocationPolicy?: string }
}

export const MutatingAdmissionPolicy = defineKind<WireMutatingPolicy>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingAdmissionPolicy',
  plural: 'mutatingadmissionpolicies',
  categories: ['api-extensions'],
  namespaced: false,
  hasGeneration: true,
  strategy: {
    warnings: suffixWarnings,
    requiresResourceVersion: true,
    setDefaults: defaultPolicy,
    ...validatedInPieces(errorsOf),
  },
  columns: [
    nameColumn,
    {
      name: 'Mutations',
      description: 'Mutation indicates the number of mutations rules defined in this configuration',
      type: 'integer',
      value: ({ spec }) => (spec?.mutations ?? []).length,
    },
    {
      name: 'ParamKind',
      description: 'ParamKind specifies the kind of resources used to parameterize this policy',
      value: ({ spec }) => shownParamKind(spec?.paramKind),
    },
    ageColumn,
  ],
})

function* errorsOf(
  { spec = {} }: WireMutatingPolicy,
  previous: WireMutatingPolicy | undefined,
): Generator<undefined, FieldError[]> {
  const { mutations = [], reinvocationPolicy } = spec
  const checks = new ExpressionChecks()
  const errors = [
    ...(yield* policyErrors(spec, previous?.spec, checks)),
    ...mutatingOperationErrors(spec.matchConstraints, 'spec.matchConstraints'),
  ]
  if (mutations.length === 0) {
    errors.push(fieldError.required('spec.mutations', 'mutations must contain at least one item'))
  }
  const told = { ...knownInPolicy(spec), checks }
  for (const [index, mutation] of mutations.entries()) {
    errors.push(...(yield* mutationErrors(mutation, `spec.mutations[${index}]`, told)))
  }
  return reinvocationPolicy
    ? [...errors, ...oneOf('spec.reinvocationPolicy', reinvocationPolicy, ['IfNeeded', 'Never'])]
    : [...errors, fieldError.required('spec.reinvocationPolicy')]
}

function* mutationErrors(
  { patchType, applyConfiguration, jsonPatch }: Mutation,
  at: string,
  known: KnownToExpressions & { checks: ExpressionChecks },
): Generator<undefined, FieldError[]> {
  if (!patchType) return [fieldError.required(`${at}.patchType`)]
  if (patchType !== 'ApplyConfiguration' && patchType !== 'JSONPatch') {
    return [fieldError.notSupported(`${at}.patchType`, patchType, ['ApplyConfiguration', 'JSONPatch'])]
  }
  const [own, other] = patchType === 'JSONPatch' ? ['jsonPatch', applyConfiguration] : ['applyConfiguration', jsonPatch]
  const told = patchType === 'JSONPatch' ? jsonPatch : applyConfiguration
  const unused = patchType === 'JSONPatch' ? 'applyConfiguration' : 'jsonPatch'
  const why = `must not be specified when patchType is ${patchType}`
  const errors = other ? [fieldError.invalid(`${at}.${unused}`, `{${unused}}`, why)] : []
  if (!told) return [fieldError.required(`${at}.${own}`, `must be specified when patchType is ${patchType}`), ...errors]
  const field = `${at}.${own}.expression`
  const expression = told.expression?.trim()
  if (!expression) return [fieldError.required(field), ...errors]
  const gives = patchType === 'JSONPatch' ? 'patch' : 'applied'
  return [...(yield* expressionErrors(field, expression, { ...known, isMutating: true, gives })), ...errors]
}
