// The ValidatingAdmissionPolicyBinding: where a policy holds, with which parameters, and what follows from a breach.

import type { ValidatingAdmissionPolicyBinding as Wire } from 'kubernetes-types/admissionregistration/v1'
import { duplicatesAt, oneOf } from '../apimachinery/field-checks.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { bindingColumns, bindingErrors, defaultBinding } from './admission/policies.ts'
import { suffixWarnings } from './admission/static-suffix.ts'
import { defineKind } from './define-kind.ts'

const ACTIONS = ['Audit', 'Deny', 'Warn']

export const ValidatingAdmissionPolicyBinding = defineKind<Wire>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  plural: 'validatingadmissionpolicybindings',
  categories: ['api-extensions'],
  namespaced: false,
  hasGeneration: true,
  strategy: {
    warnings: suffixWarnings,
    requiresResourceVersion: true,
    setDefaults: defaultBinding,
    validate: ({ spec }) => [
      ...bindingErrors(spec ?? {}, 'spec.matchResources'),
      ...actionErrors(spec?.validationActions ?? []),
    ],
  },
  columns: bindingColumns,
})

function actionErrors(actions: string[]): FieldError[] {
  const at = 'spec.validationActions'
  const field = (index: number) => `${at}[${index}]`
  const errors = [
    ...actions.flatMap((action, index) => oneOf(field(index), action, ACTIONS)),
    ...duplicatesAt(field, actions),
  ]
  if (actions.includes('Deny') && actions.includes('Warn')) {
    const why =
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)'
    errors.push(fieldError.invalid(at, actions, why))
  }
  return actions.length > 0
    ? errors
    : [...errors, fieldError.required(at, 'at least one validation action is required')]
}
