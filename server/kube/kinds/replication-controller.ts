// The ReplicationController: what ReplicaSets were before selectors had expressions.
// Upstream: kubernetes/pkg/registry/core/replicationcontroller/strategy.go.

import type { ReplicationController as Wire } from 'kubernetes-types/core/v1'
import { formatSelector, selectorOfMap } from '../apimachinery/label-selector.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'
import { notNegative } from './int-or-percent.ts'
import { numberErrors, partErrors } from './pod-template/owner-status.ts'
import { containerImages, containerNames } from './pod-template/pod-columns.ts'
import { defaultPodSpec } from './pod-template/pod-defaults.ts'
import { podTemplateErrors } from './pod-template/pod-validation.ts'
import { ownerNameWarnings, templateWarnings } from './pod-template/pod-warnings.ts'

const STATUS_PARTS = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas']

export const ReplicationController = defineKind<Wire>({
  version: 'v1',
  kind: 'ReplicationController',
  plural: 'replicationcontrollers',
  shortNames: ['rc'],
  categories: ['all'],
  hasGeneration: true,
  subresources: ['status', 'scale'],
  scale: { specReplicas: '.spec.replicas', statusReplicas: '.status.replicas', labelSelector: '.spec.selector' },
  strategy: {
    warnings: (next, previous) => [...ownerNameWarnings(next, previous), ...templateWarnings(next, previous)],
    orphansDependents: true,
    setDefaults(controller) {
      const { spec } = controller
      if (!spec) return
      spec.replicas ??= 1
      const { labels } = spec.template?.metadata ?? {}
      if (labels && Object.keys(spec.selector ?? {}).length === 0) spec.selector = { ...labels }
      if (labels && Object.keys(controller.metadata?.labels ?? {}).length === 0) {
        controller.metadata = { ...controller.metadata, labels: { ...labels } }
      }
      if (spec.template?.spec) defaultPodSpec(spec.template.spec)
    },
    prepareForCreate(controller) {
      Object.assign(controller, { status: { replicas: 0 } })
    },
    validateStatusUpdate: ({ status }) => [
      ...numberErrors(status, ['replicas', ...STATUS_PARTS, 'observedGeneration']),
      ...partErrors(status, STATUS_PARTS),
    ],
    validate: ({ spec }) => specErrors(spec ?? {}),
  },
  columns: [
    nameColumn,
    { name: 'Desired', field: 'spec.replicas', type: 'integer', value: ({ spec }) => spec?.replicas ?? 0 },
    { name: 'Current', field: 'status.replicas', type: 'integer', value: ({ status }) => status?.replicas ?? 0 },
    {
      name: 'Ready',
      field: 'status.readyReplicas',
      type: 'integer',
      value: ({ status }) => status?.readyReplicas ?? 0,
    },
    ageColumn,
    {
      name: 'Containers',
      description: 'Names of each container in the template.',
      priority: 1,
      value: ({ spec }) => containerNames(spec?.template?.spec),
    },
    {
      name: 'Images',
      description: 'Images referenced by each container in the template.',
      priority: 1,
      value: ({ spec }) => containerImages(spec?.template?.spec),
    },
    {
      name: 'Selector',
      field: 'spec.selector',
      priority: 1,
      value: ({ spec }) => formatSelector(selectorOfMap(spec?.selector)) || '<none>',
    },
  ],
  selectableFields: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
})

function specErrors(spec: NonNullable<Wire['spec']>): FieldError[] {
  const { replicas, minReadySeconds, selector = {}, template } = spec
  const errors = [...notNegative('spec.minReadySeconds', minReadySeconds)]
  const isEmpty = Object.keys(selector).length === 0
  if (isEmpty) errors.push(fieldError.required('spec.selector'))
  errors.push(...notNegative('spec.replicas', replicas))
  if (!template) return [...errors, fieldError.required('spec.template')]
  const labels = template.metadata?.labels
  if (!isEmpty && !selectorOfMap(selector).matches(labels)) {
    const why = '`selector` does not match template `labels`'
    errors.push(fieldError.invalid('spec.template.metadata.labels', labels ?? null, why))
  }
  return [...errors, ...podTemplateErrors(template, 'spec.template', 'ReplicationController')]
}
