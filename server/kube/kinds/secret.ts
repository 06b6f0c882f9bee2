// Secret.

import type { Secret as Wire } from 'kubernetes-types/core/v1'
import { defineKind } from './define-kind.ts'

export const Secret = defineKind<Wire>({
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
})
