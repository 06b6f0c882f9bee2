// The ValidatingWebhookConfiguration: who is asked whether an object may be written.

import type { ValidatingWebhookConfiguration as Wire } from 'kubernetes-types/admissionregistration/v1'
import { webhooksColumns, webhooksStrategy } from './admission/webhooks.ts'
import { defineKind } from './define-kind.ts'

export const ValidatingWebhookConfiguration = defineKind<Wire>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
  categories: ['api-extensions'],
  namespaced: false,
  hasGeneration: true,
  strategy: webhooksStrategy<Wire>({ mutating: false }),
  columns: webhooksColumns,
})
