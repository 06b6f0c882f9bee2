// The StatefulSet: pods with names and disks of their own. Upstream: kubernetes/pkg/registry/apps/statefulset/strategy.go.

import type { StatefulSetSpec, StatefulSet as Wire } from 'kubernetes-types/apps/v1'
import { deepEqual } from '../apimachinery/deep.ts'
import { type LabelSelector, labelSelectorErrors, selectorOfObject } from '../apimachinery/label-selector.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'
import { notNegative } from './int-or-percent.ts'
import { collisionErrors, numberErrors, partErrors } from './pod-template/owner-status.ts'
import { containerImages, containerNames } from './pod-template/pod-columns.ts'
import { defaultPodSpec } from './pod-template/pod-defaults.ts'
import { templateLabelErrors } from './pod-template/pod-validation.ts'
import { templateWarnings } from './pod-template/pod-warnings.ts'
import { storageWarnings } from './storage/storage-warnings.ts'

const STATUS_PARTS = ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas']

export const StatefulSet = defineKind<Wire>({
  group: 'apps',
  version: 'v1',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  shortNames: ['sts'],
  categories: ['all'],
  hasGeneration: true,
  subresources: ['status', 'scale'],
  scale: { specReplicas: '.spec.replicas', statusReplicas: '.status.replicas', labelSelector: '.spec.selector' },
  strategy: {
    warnings: (next, previous) => [
      ...templateWarnings(next, previous),
      ...(next.spec?.volumeClaimTemplates ?? []).flatMap(({ spec }, index) =>
        // Upstream names the field otherwise where it is not new.
        storageWarnings(spec ?? {}, `spec.volumeClaimTemplates[${index}]${previous ? '.Spec' : ''}`),
      ),
      ...((next.spec?.revisionHistoryLimit ?? 0) < 0
        ? ['spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended']
        : []),
    ],
    setDefaults({ spec }) {
      if (!spec) return
      spec.replicas ??= 1
      spec.revisionHistoryLimit ??= 10
      spec.podManagementPolicy ||= 'OrderedReady'
      spec.updateStrategy ??= {}
      spec.updateStrategy.type ||= 'RollingUpdate'
      if (spec.updateStrategy.type === 'RollingUpdate') {
        spec.updateStrategy.rollingUpdate ??= {}
        spec.updateStrategy.rollingUpdate.partition ??= 0
      }
      spec.persistentVolumeClaimRetentionPolicy ??= {}
      spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= 'Retain'
      spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= 'Retain'
      for (const claim of spec.volumeClaimTemplates ?? []) {
        if (claim.spec) claim.spec.volumeMode ||= 'Filesystem'
        const status = { phase: 'Pending', ...claim.status }
        Object.assign(claim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', status })
      }
      if (spec.template?.spec) defaultPodSpec(spec.template.spec)
    },
    prepareForCreate(set) {
      dropUnserved(set)
      Object.assign(set, { status: { replicas: 0, availableReplicas: 0 } })
    },
    prepareForUpdate: dropUnserved,
    validate: ({ spec }) => (spec ? specErrors(spec) : [fieldError.required('spec')]),
    validateStatusUpdate: ({ status }, { status: previous }) => [
      ...numberErrors(status, ['replicas', ...STATUS_PARTS, 'observedGeneration', 'collisionCount']),
      ...partErrors(status, STATUS_PARTS, { ready: 'status.readyReplicas' }),
      ...collisionErrors(status, previous),
    ],
    validateUpdate: ({ spec }, previous) => {
      const before = previous.spec
      if (!spec || !before) return []
      const alike = { ...spec, ...Object.fromEntries(MUTABLE.map((field) => [field, before[field]])) }
      return deepEqual(alike, before) ? [] : [fieldError.forbidden('spec', FROZEN)]
    },
  },
  columns: [
    nameColumn,
    {
      name: 'Ready',
      description: 'Number of the pod with ready state',
      value: ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
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
  ],
})

const MUTABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const satisfies readonly (keyof StatefulSetSpec)[]

const FROZEN =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', " +
  "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"

/** In this version of Kubernetes the feature MaxUnavailableStatefulSet is off. */
function dropUnserved({ spec }: Wire): void {
  const rollingUpdate: { maxUnavailable?: unknown } = spec?.updateStrategy?.rollingUpdate ?? {}
  delete rollingUpdate.maxUnavailable
}

const RETENTION = ['Delete', 'Retain']

function specErrors(spec: StatefulSetSpec): FieldError[] {
  const errors: FieldError[] = []
  const { podManagementPolicy: policy, template, selector } = spec
  if (policy !== 'OrderedReady' && policy !== 'Parallel') {
    errors.push(fieldError.invalid('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'"))
  }
  errors.push(...updateStrategyErrors(spec))
  for (const [field, value] of Object.entries(spec.persistentVolumeClaimRetentionPolicy ?? {})) {
    if (RETENTION.includes(value)) continue
    errors.push(fieldError.notSupported(`spec.persistentVolumeClaimRetentionPolicy.${field}`, value, RETENTION))
  }
  for (const field of ['replicas', 'minReadySeconds', 'revisionHistoryLimit'] as const) {
    errors.push(...notNegative(`spec.${field}`, spec[field]))
  }
  errors.push(...notNegative('spec.ordinals.start', spec.ordinals?.start))
  if (!template) return [...errors, fieldError.required('spec.template')]
  errors.push(...selectorErrors(selector, template.metadata?.labels), ...templateLabelErrors(template, 'spec.template'))
  const { restartPolicy, activeDeadlineSeconds } = template.spec ?? {}
  if (restartPolicy && restartPolicy !== 'Always') {
    errors.push(fieldError.notSupported('spec.template.spec.restartPolicy', restartPolicy, ['Always']))
  }
  if (activeDeadlineSeconds !== undefined) {
    const why = 'activeDeadlineSeconds in StatefulSet is not Supported'
    errors.push(fieldError.forbidden('spec.template.spec.activeDeadlineSeconds', why))
  }
  return errors
}

function selectorErrors(selector: LabelSelector | undefined, labels: Record<string, string> | undefined): FieldError[] {
  if (!selector) return [fieldError.required('spec.selector')]
  const errors = labelSelectorErrors(selector, 'spec.selector')
  if (errors.length > 0) return errors
  if (Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0) {
    return [fieldError.invalid('spec.selector', selector, 'empty selector is invalid for statefulset')]
  }
  if (selectorOfObject(selector).matches(labels)) return []
  const why = '`selector` does not match template `labels`'
  return [fieldError.invalid('spec.template.metadata.labels', labels ?? {}, why)]
}

function updateStrategyErrors(spec: StatefulSetSpec): FieldError[] {
  const at = 'spec.updateStrategy'
  const { type, rollingUpdate } = spec.updateStrategy ?? {}
  if (type === 'OnDelete') {
    if (!rollingUpdate) return []
    const why = "only allowed for updateStrategy 'RollingUpdate'"
    return [fieldError.invalid(`${at}.rollingUpdate`, rollingUpdate, why)]
  }
  if (type !== 'RollingUpdate') {
    return [fieldError.invalid(at, spec.updateStrategy, "must be 'RollingUpdate' or 'OnDelete'")]
  }
  return notNegative(`${at}.rollingUpdate.partition`, rollingUpdate?.partition)
}
