// A namespace.

import type { Namespace as Wire } from 'kubernetes-types/core/v1'
import { defineKind } from './define-kind.ts'

export const Namespace = defineKind<Wire>({
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  subresources: ['status', 'finalize'],
})
