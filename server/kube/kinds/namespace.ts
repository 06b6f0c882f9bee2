// The namespace: a room that names live in. It goes when all that was in it has gone: the namespace controller empties
// it and then takes away the finalizer in spec. Upstream: kubernetes/pkg/registry/core/namespace/strategy.go.

import type { Namespace as Wire } from 'kubernetes-types/core/v1'
import { dnsLabelProblems } from '../apimachinery/names.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'

const FINALIZER = 'kubernetes'
const NAME_LABEL = 'kubernetes.io/metadata.name'

export const Namespace = defineKind<Wire>({
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  subresources: ['status', 'finalize'],
  strategy: {
    setDefaults(namespace) {
      const { name } = namespace.metadata ?? {}
      if (name) {
        namespace.metadata = { ...namespace.metadata, labels: { ...namespace.metadata?.labels, [NAME_LABEL]: name } }
      }
    },
    prepareForCreate(namespace) {
      const finalizers = namespace.spec?.finalizers ?? []
      namespace.spec = { finalizers: finalizers.includes(FINALIZER) ? finalizers : [...finalizers, FINALIZER] }
      namespace.status = { phase: 'Active' }
    },
    // Only the finalize subresource may take them away.
    prepareForUpdate(next, previous) {
      next.spec = { ...next.spec, ...(previous.spec?.finalizers ? { finalizers: previous.spec.finalizers } : {}) }
    },
    nameProblems: dnsLabelProblems,
    isHeld: (namespace) => (namespace.spec?.finalizers ?? []).length > 0,
    prepareForDelete(namespace) {
      namespace.status = { ...namespace.status, phase: 'Terminating' }
    },
  },
  columns: [nameColumn, { name: 'Status', value: (namespace) => namespace.status?.phase }, ageColumn],
  selectableFields: { 'status.phase': (namespace) => namespace.status?.phase ?? '' },
})
