// The ReplicaSet: so many alike pods. Upstream: kubernetes/pkg/registry/apps/replicaset/strategy.go.

import type { ReplicaSet as Wire } from 'kubernetes-types/apps/v1'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'
import { numberErrors, partErrors } from './pod-template/owner-status.ts'
import { containerImages, containerNames } from './pod-template/pod-columns.ts'
import { defaultPodSpec } from './pod-template/pod-defaults.ts'
import { ownerNameWarnings, templateWarnings } from './pod-template/pod-warnings.ts'
import { selectorIsKept, shownSelector, templateOwnerErrors } from './pod-template/template-owner.ts'

const STATUS_PARTS = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas']

export const ReplicaSet = defineKind<Wire>({
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  shortNames: ['rs'],
  categories: ['all'],
  hasGeneration: true,
  subresources: ['status', 'scale'],
  scale: { specReplicas: '.spec.replicas', statusReplicas: '.status.replicas', labelSelector: '.spec.selector' },
  strategy: {
    warnings: (next, previous) => [...ownerNameWarnings(next, previous), ...templateWarnings(next, previous)],
    setDefaults(set) {
      if (!set.spec) return
      set.spec.replicas ??= 1
      if (set.spec.template?.spec) defaultPodSpec(set.spec.template.spec)
    },
    prepareForCreate(set) {
      Object.assign(set, { status: { replicas: 0 } })
    },
    validate: (set) => templateOwnerErrors(set.spec, 'replicaset'),
    validateStatusUpdate: ({ status }) => [
      ...numberErrors(status, ['replicas', ...STATUS_PARTS, 'observedGeneration', 'terminatingReplicas']),
      ...partErrors(status, STATUS_PARTS),
    ],
    validateUpdate: (next, previous) => selectorIsKept(next.spec, previous.spec),
  },
  columns: [
    nameColumn,
    { name: 'Desired', field: 'spec.replicas', type: 'integer', value: (set) => set.spec?.replicas ?? 0 },
    { name: 'Current', field: 'status.replicas', type: 'integer', value: (set) => set.status?.replicas ?? 0 },
    { name: 'Ready', field: 'status.readyReplicas', type: 'integer', value: (set) => set.status?.readyReplicas ?? 0 },
    ageColumn,
    {
      name: 'Containers',
      description: 'Names of each container in the template.',
      priority: 1,
      value: (set) => containerNames(set.spec?.template?.spec),
    },
    {
      name: 'Images',
      description: 'Images referenced by each container in the template.',
      priority: 1,
      value: (set) => containerImages(set.spec?.template?.spec),
    },
    { name: 'Selector', field: 'spec.selector', priority: 1, value: (set) => shownSelector(set.spec?.selector) },
  ],
  selectableFields: { 'status.replicas': (set) => String(set.status?.replicas ?? 0) },
})
