// The CSIStorageCapacity: how much room a driver has for volumes of a class, in one part of the cluster.
// Upstream: kubernetes/pkg/registry/storage/csistoragecapacity.

import type { CSIStorageCapacity as Wire } from 'kubernetes-types/storage/v1'
import { immutable, problemsAt, quantityErrors } from '../apimachinery/field-checks.ts'
import { type LabelSelector, labelSelectorErrors } from '../apimachinery/label-selector.ts'
import { dnsSubdomainProblems } from '../apimachinery/names.ts'
import { defineKind, nameColumn } from './define-kind.ts'
import { nodeSelectorWarnings } from './pod-template/node-label-warnings.ts'

export const CSIStorageCapacity = defineKind<Wire>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIStorageCapacity',
  plural: 'csistoragecapacities',
  strategy: {
    requiresResourceVersion: true,
    warnings: ({ nodeTopology }) => nodeSelectorWarnings(nodeTopology, 'nodeTopology'),
    validate: ({ nodeTopology, storageClassName = '', capacity }) => [
      ...labelSelectorErrors(nodeTopology as LabelSelector | undefined, 'nodeTopology'),
      ...problemsAt('storageClassName', storageClassName, dnsSubdomainProblems(storageClassName)),
      ...(capacity === undefined ? [] : quantityErrors('capacity', capacity)),
    ],
    validateUpdate: (next, previous) => [
      ...immutable('nodeTopology', next.nodeTopology, previous.nodeTopology),
      ...immutable('storageClassName', next.storageClassName, previous.storageClassName),
    ],
  },
  columns: [
    nameColumn,
    { name: 'StorageClassName', field: 'storageClassName', value: ({ storageClassName }) => storageClassName },
    { name: 'Capacity', field: 'capacity', value: ({ capacity }) => capacity ?? '<unset>' },
  ],
})
