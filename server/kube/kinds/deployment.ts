// The Deployment: which ReplicaSet there should be, and how to get from one to the next.
// Upstream: kubernetes/pkg/registry/apps/deployment/strategy.go.

import type { DeploymentSpec, Deployment as Wire } from 'kubernetes-types/apps/v1'
import { deepEqual } from '../apimachinery/deep.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'
import { amountErrors, atMostAll, isZero } from './int-or-percent.ts'
import { collisionErrors, partErrors, numberErrors as statusNumberErrors } from './pod-template/owner-status.ts'
import { containerImages, containerNames } from './pod-template/pod-columns.ts'
import { defaultPodSpec } from './pod-template/pod-defaults.ts'
import { ownerNameWarnings, templateWarnings } from './pod-template/pod-warnings.ts'
import { selectorIsKept, shownSelector, templateOwnerErrors } from './pod-template/template-owner.ts'

const STATUS_NUMBERS = [
  'observedGeneration',
  'replicas',
  'updatedReplicas',
  'readyReplicas',
  'availableReplicas',
  'unavailableReplicas',
  'terminatingReplicas',
  'collisionCount',
]

export const Deployment = defineKind<Wire>({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  shortNames: ['deploy'],
  categories: ['all'],
  hasGeneration: true,
  subresources: ['status', 'scale'],
  scale: { specReplicas: '.spec.replicas', statusReplicas: '.status.replicas', labelSelector: '.spec.selector' },
  strategy: {
    warnings: (next, previous) => [...ownerNameWarnings(next, previous), ...templateWarnings(next, previous)],
    keptByStatusUpdates: ['labels'],
    setDefaults({ spec }) {
      if (!spec) return
      spec.replicas ??= 1
      spec.revisionHistoryLimit ??= 10
      spec.progressDeadlineSeconds ??= 600
      spec.strategy ??= {}
      spec.strategy.type ||= 'RollingUpdate'
      if (spec.strategy.type === 'RollingUpdate') {
        spec.strategy.rollingUpdate ??= {}
        spec.strategy.rollingUpdate.maxUnavailable ??= '25%'
        spec.strategy.rollingUpdate.maxSurge ??= '25%'
      }
      if (spec.template?.spec) defaultPodSpec(spec.template.spec)
    },
    prepareForUpdate(next, previous) {
      // Annotations go on to ReplicaSets, so the controller has to look at them too.
      const isOnlyAnnotated = deepEqual(next.spec, previous.spec)
      const isAnnotated = !deepEqual(next.metadata?.annotations ?? {}, previous.metadata?.annotations ?? {})
      if (isOnlyAnnotated && isAnnotated) {
        Object.assign(next.metadata ?? {}, { generation: (previous.metadata?.generation ?? 0) + 1 })
      }
    },
    validate: ({ spec }) => [
      ...templateOwnerErrors(spec, 'deployment'),
      ...(spec ? strategyErrors(spec) : []),
      ...(spec ? numberErrors(spec) : []),
    ],
    validateStatusUpdate: ({ status }, { status: previous }) => [
      ...statusNumberErrors(status, STATUS_NUMBERS),
      ...partErrors(status, ['updatedReplicas', 'readyReplicas', 'availableReplicas']),
      ...collisionErrors(status, previous),
    ],
    validateUpdate: (next, previous) => selectorIsKept(next.spec, previous.spec),
  },
  columns: [
    nameColumn,
    {
      name: 'Ready',
      description: 'Number of the pod with ready state',
      value: ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    },
    { name: 'Up-to-date', field: 'status.updatedReplicas', value: ({ status }) => status?.updatedReplicas ?? 0 },
    { name: 'Available', field: 'status.availableReplicas', value: ({ status }) => status?.availableReplicas ?? 0 },
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
    { name: 'Selector', field: 'spec.selector', priority: 1, value: ({ spec }) => shownSelector(spec?.selector) },
  ],
})

/** Upstream shows its own form of it, whose names are Go's. */
const inGo = ({ type = '', rollingUpdate: told }: NonNullable<DeploymentSpec['strategy']>) => ({
  Type: type,
  RollingUpdate: told ? { MaxUnavailable: told.maxUnavailable ?? 0, MaxSurge: told.maxSurge ?? 0 } : null,
})

function strategyErrors({ strategy = {} }: DeploymentSpec): FieldError[] {
  const at = 'spec.strategy'
  if (strategy.type === 'Recreate') {
    return strategy.rollingUpdate
      ? [fieldError.forbidden(`${at}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'")]
      : []
  }
  if (strategy.type !== 'RollingUpdate') {
    return [fieldError.notSupported(at, inGo(strategy), ['Recreate', 'RollingUpdate'])]
  }
  const { maxUnavailable = '25%', maxSurge = '25%' } = strategy.rollingUpdate ?? {}
  const here = `${at}.rollingUpdate`
  const errors = [
    ...amountErrors(`${here}.maxUnavailable`, maxUnavailable),
    ...amountErrors(`${here}.maxSurge`, maxSurge),
  ]
  if (isZero(maxUnavailable) && isZero(maxSurge)) {
    errors.push(fieldError.invalid(`${here}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'))
  }
  errors.push(...atMostAll(`${here}.maxUnavailable`, maxUnavailable))
  return errors
}

function numberErrors(spec: DeploymentSpec): FieldError[] {
  const errors: FieldError[] = []
  const { revisionHistoryLimit = 10, progressDeadlineSeconds = 600, minReadySeconds = 0 } = spec
  for (const [field, value] of Object.entries({ revisionHistoryLimit, progressDeadlineSeconds })) {
    if (value < 0) errors.push(fieldError.invalid(`spec.${field}`, value, 'must be greater than or equal to 0'))
  }
  if (progressDeadlineSeconds <= minReadySeconds) {
    errors.push(
      fieldError.invalid(
        'spec.progressDeadlineSeconds',
        progressDeadlineSeconds,
        'must be greater than minReadySeconds',
      ),
    )
  }
  return errors
}
