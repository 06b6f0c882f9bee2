// ConfigMap.

import type { ConfigMap as Wire } from 'kubernetes-types/core/v1'
import { defineKind } from './define-kind.ts'

export const ConfigMap = defineKind<Wire>({
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
})
