// A machine.

import type { Node as Wire } from 'kubernetes-types/core/v1'
import { defineKind } from './define-kind.ts'

export const Node = defineKind<Wire>({
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  shortNames: ['no'],
  namespaced: false,
  subresources: ['status'],
})
