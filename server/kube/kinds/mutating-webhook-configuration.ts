// The MutatingWebhookConfiguration: who is asked to change objects before they are written.

import type { MutatingWebhookConfiguration as Wire } from 'kubernetes-types/admissionregistration/v1'
import { webhooksColumns, webhooksStrategy } from './admission/webhooks.ts'
import { defineKind } from './define-kind.ts'

export const MutatingWebhookConfiguration = defineKind<Wire>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  categories: ['api-extensions'],
  namespaced: false,
  hasGeneration: true,
  strategy: webhooksStrategy<Wire>({ mutating: true }),
  columns: webhooksColumns,
})
