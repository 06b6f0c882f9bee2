// Deployment.

import type { Deployment as Wire } from 'kubernetes-types/apps/v1'
import { defineKind } from './define-kind.ts'

export const Deployment = defineKind<Wire>({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  shortNames: ['deploy'],
  categories: ['all'],
  hasGeneration: true,
  subresources: ['status', 'scale'],
})
