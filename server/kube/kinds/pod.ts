// A pod.

import type { Pod as Wire } from 'kubernetes-types/core/v1'
import { defineKind } from './define-kind.ts'

export const Pod = defineKind<Wire>({
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  shortNames: ['po'],
  categories: ['all'],
  subresources: ['status', 'log', 'exec', 'attach', 'portforward', 'binding'],
})
