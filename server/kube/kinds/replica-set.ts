// ReplicaSet.

import type { ReplicaSet as Wire } from 'kubernetes-types/apps/v1'
import { defineKind } from './define-kind.ts'

export const ReplicaSet = defineKind<Wire>({
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  shortNames: ['rs'],
  categories: ['all'],
  hasGeneration: true,
  subresources: ['status', 'scale'],
})
