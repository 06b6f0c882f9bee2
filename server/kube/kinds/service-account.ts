// ServiceAccount.

import type { ServiceAccount as Wire } from 'kubernetes-types/core/v1'
import { defineKind } from './define-kind.ts'

export const ServiceAccount = defineKind<Wire>({
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  subresources: ['token'],
})
