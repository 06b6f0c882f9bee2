// The namespace: a room that names live in. It goes when all that was in it has gone: the namespace controller empties
// it and then takes away the finalizer in spec. Upstream: kubernetes/pkg/registry/core/namespace/strategy.go.

import type { Namespace as Wire } from 'kubernetes-types/core/v1'
import { problemsAt } from '../apimachinery/field-checks.ts'
import { dnsLabelProblems, labelKeyProblems } from '../apimachinery/names.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'
import { NO_STANDARD_FINALIZER, STANDARD_FINALIZERS } from './standard-finalizers.ts'

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
    validateCreate: ({ spec }) =>
      (spec?.finalizers ?? []).flatMap((finalizer) => finalizerErrors('spec.finalizers', finalizer)),
    validateUpdate: ({ spec }, _previous, subresource) =>
      subresource === 'finalize'
        ? (spec?.finalizers ?? []).flatMap((finalizer, index) =>
            finalizerErrors(`spec.finalizers[${index}]`, finalizer),
          )
        : [],
    validateStatusUpdate({ metadata, status }) {
      const isGoing = metadata?.deletionTimestamp !== undefined
      const phase = isGoing ? 'Terminating' : 'Active'
      const why = `may only be '${phase}' if \`deletionTimestamp\` is ${isGoing ? 'not ' : ''}empty`
      return status?.phase === phase ? [] : [fieldError.invalid('status.Phase', status?.phase ?? '', why)]
    },
    nameProblems: dnsLabelProblems,
    isHeld: (namespace) => (namespace.spec?.finalizers ?? []).length > 0,
    prepareForDelete(namespace) {
      namespace.status = { ...namespace.status, phase: 'Terminating' }
    },
  },
  columns: [
    nameColumn,
    { name: 'Status', description: 'The status of the namespace', value: (namespace) => namespace.status?.phase },
    ageColumn,
  ],
  selectableFields: { 'status.phase': (namespace) => namespace.status?.phase ?? '' },
})

function finalizerErrors(field: string, name: string): FieldError[] {
  const errors = problemsAt(field, name, labelKeyProblems(name))
  if (name.includes('/') || STANDARD_FINALIZERS.has(name)) return errors
  return [...errors, fieldError.invalid(field, name, NO_STANDARD_FINALIZER)]
}
