// A service.

import type { Service as Wire } from 'kubernetes-types/core/v1'
import { defineKind } from './define-kind.ts'

export const Service = defineKind<Wire>({
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  shortNames: ['svc'],
  categories: ['all'],
  subresources: ['status'],
})
