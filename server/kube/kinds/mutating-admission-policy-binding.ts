// The MutatingAdmissionPolicyBinding: where a policy's changes are made, and with which parameters.

import type { KubeObject } from '../apimachinery/object-meta.ts'
import { type BindingSpec, bindingColumns, bindingErrors, defaultBinding } from './admission/policies.ts'
import { mutatingOperationErrors } from './admission/rules.ts'
import { suffixWarnings } from './admission/static-suffix.ts'
import { defineKind } from './define-kind.ts'

export const MutatingAdmissionPolicyBinding = defineKind<KubeObject & { spec?: BindingSpec }>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingAdmissionPolicyBinding',
  plural: 'mutatingadmissionpolicybindings',
  categories: ['api-extensions'],
  namespaced: false,
  hasGeneration: true,
  strategy: {
    warnings: suffixWarnings,
    requiresResourceVersion: true,
    setDefaults: defaultBinding,
    validate: ({ spec }) => [
      ...bindingErrors(spec ?? {}, 'spec.matchResources'),
      ...mutatingOperationErrors(spec?.matchResources, 'spec.matchResources'),
    ],
  },
  columns: bindingColumns,
})
