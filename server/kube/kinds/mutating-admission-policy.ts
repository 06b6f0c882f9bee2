// The MutatingAdmissionPolicy: changes in CEL to what is about to be written.
// Upstream: kubernetes/pkg/registry/admissionregistration/mutatingadmissionpolicy.

import { oneOf } from '../apimachinery/field-checks.ts'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { defaultPolicy, type PolicySpec, policyErrors } from './admission/policies.ts'
import { shownParamKind } from './admission/rules.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'

interface Expression {
  expression?: string
}

interface Mutation {
  patchType?: string
  applyConfiguration?: Expression
  jsonPatch?: Expression
}

interface Wire extends KubeObject {
  spec?: PolicySpec & { mutations?: Mutation[]; reinvocationPolicy?: string }
}

export const MutatingAdmissionPolicy = defineKind<Wire>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingAdmissionPolicy',
  plural: 'mutatingadmissionpolicies',
  categories: ['api-extensions'],
  namespaced: false,
  hasGeneration: true,
  strategy: {
    setDefaults: defaultPolicy,
    validate({ spec }) {
      const { mutations = [], reinvocationPolicy } = spec ?? {}
      const errors = policyErrors(spec ?? {})
      if (mutations.length === 0) {
        errors.push(fieldError.required('spec.mutations', 'mutations must contain at least one item'))
      }
      errors.push(...mutations.flatMap((mutation, index) => mutationErrors(mutation, `spec.mutations[${index}]`)))
      return reinvocationPolicy
        ? [...errors, ...oneOf('spec.reinvocationPolicy', reinvocationPolicy, ['IfNeeded', 'Never'])]
        : [...errors, fieldError.required('spec.reinvocationPolicy')]
    },
  },
  columns: [
    nameColumn,
    { name: 'Mutations', type: 'integer', value: ({ spec }) => (spec?.mutations ?? []).length },
    { name: 'ParamKind', value: ({ spec }) => shownParamKind(spec?.paramKind) },
    ageColumn,
  ],
})

function mutationErrors({ patchType, applyConfiguration, jsonPatch }: Mutation, at: string): FieldError[] {
  if (!patchType) return [fieldError.required(`${at}.patchType`)]
  if (patchType !== 'ApplyConfiguration' && patchType !== 'JSONPatch') {
    return [fieldError.notSupported(`${at}.patchType`, patchType, ['ApplyConfiguration', 'JSONPatch'])]
  }
  const [own, other] = patchType === 'JSONPatch' ? ['jsonPatch', applyConfiguration] : ['applyConfiguration', jsonPatch]
  const told = patchType === 'JSONPatch' ? jsonPatch : applyConfiguration
  const errors: FieldError[] = []
  if (other) {
    const field = `${at}.${patchType === 'JSONPatch' ? 'applyConfiguration' : 'jsonPatch'}`
    errors.push(fieldError.forbidden(field, `must not be set when patchType is ${patchType}`))
  }
  if (!told) return [...errors, fieldError.required(`${at}.${own}`, `must be specified when patchType is ${patchType}`)]
  return told.expression?.trim()
    ? errors
    : [...errors, fieldError.required(`${at}.${own}.expression`, 'expression is not specified')]
}
