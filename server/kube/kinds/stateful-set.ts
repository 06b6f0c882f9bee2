// The StatefulSet: pods with names and disks of their own. Upstream: kubernetes/pkg/registry/apps/statefulset/strategy.go.

import type { StatefulSetSpec, StatefulSet as Wire } from 'kubernetes-types/apps/v1'
import { deepEqual } from '../apimachinery/deep.ts'
import { oneOf, problemsAt } from '../apimachinery/field-checks.ts'
import { type LabelSelector, labelSelectorErrors } from '../apimachinery/label-selector.ts'
import { dnsLabelProblems } from '../apimachinery/names.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'
import { notNegative } from './int-or-percent.ts'
import { claimSpecErrors } from './persistent-volume-claim.ts'
import { collisionErrors, numberErrors, partErrors } from './pod-template/owner-status.ts'
import { containerImages, containerNames } from './pod-template/pod-columns.ts'
import { defaultPodSpec } from './pod-template/pod-defaults.ts'
import { templateErrors } from './pod-template/pod-validation.ts'
import { templateWarnings } from './pod-template/pod-warnings.ts'
import { isEmpty, matchErrors } from './pod-template/template-owner.ts'
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
    setDefaults(set) {
      set.spec ??= {} as StatefulSetSpec
      const { spec } = set
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
    validate: ({ spec }, previous) => [
      ...specErrors(spec ?? {}),
      // What was wrong with its pods before keeps nobody from making it better bit by bit.
      ...(previous?.spec && areWrong(previous.spec) ? [] : podErrors(spec ?? {})),
    ],
    validateCreate: ({ spec }) => claimErrors(spec ?? {}),
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

const RETENTION = ['Retain', 'Delete']

function specErrors(spec: Partial<StatefulSetSpec>): FieldError[] {
  const errors: FieldError[] = []
  const { podManagementPolicy: policy, template } = spec
  if (policy !== 'OrderedReady' && policy !== 'Parallel') {
    errors.push(fieldError.invalid('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'"))
  }
  errors.push(...updateStrategyErrors(spec))
  for (const field of ['whenDeleted', 'whenScaled'] as const) {
    const value = spec.persistentVolumeClaimRetentionPolicy?.[field] ?? 'Retain'
    errors.push(...oneOf(`spec.persistentVolumeClaimRetentionPolicy.${field}`, value, RETENTION))
  }
  for (const field of ['replicas', 'minReadySeconds'] as const) {
    errors.push(...notNegative(`spec.${field}`, spec[field]))
  }
  errors.push(...notNegative('spec.ordinals.start', spec.ordinals?.start), ...selectorErrors(spec))
  const { restartPolicy, activeDeadlineSeconds } = template?.spec ?? {}
  if (restartPolicy && restartPolicy !== 'Always') {
    errors.push(fieldError.notSupported('spec.template.spec.restartPolicy', restartPolicy, ['Always']))
  }
  if (activeDeadlineSeconds !== undefined) {
    const why = 'activeDeadlineSeconds in StatefulSet is not Supported'
    errors.push(fieldError.forbidden('spec.template.spec.activeDeadlineSeconds', why))
  }
  return errors
}

/** What may not be changed later, so it is looked at once. */
const claimErrors = ({ serviceName, volumeClaimTemplates: claims }: Partial<StatefulSetSpec>): FieldError[] => [
  ...(claims ?? []).flatMap(({ spec }, index) => claimSpecErrors(spec, `spec.volumeClaimTemplates[${index}].spec`)),
  ...(serviceName ? problemsAt('spec.serviceName', serviceName, dnsLabelProblems(serviceName)) : []),
]

const areWrong = (spec: StatefulSetSpec) => specErrors(spec).length + podErrors(spec).length > 0

/** Its pods as the loop makes them: with names of its own, and the claims made for each. */
function podErrors({ template, selector, volumeClaimTemplates: claims = [] }: Partial<StatefulSetSpec>): FieldError[] {
  if (selector && labelSelectorErrors(selector, 'spec.selector').length > 0) return []
  if (!template?.spec) return templateErrors(template, 'spec.template')
  const { hostname: _hostname, subdomain: _subdomain, volumes = [], ...spec } = template.spec
  const names = new Set(claims.map(({ metadata }) => metadata?.name ?? ''))
  const made = [...names].map((name) => ({ name, persistentVolumeClaim: { claimName: name } }))
  const all = [...made, ...volumes.filter(({ name }) => !names.has(name))]
  return templateErrors({ ...template, spec: { ...spec, volumes: all } }, 'spec.template')
}

function selectorErrors({ selector, template }: Partial<StatefulSetSpec>): FieldError[] {
  const at = 'spec.selector'
  const labels = template?.metadata?.labels
  if (!selector) return [fieldError.required(at), ...matchErrors(undefined, labels)]
  const errors = labelSelectorErrors(selector, at)
  // Upstream says it once more, with no word why.
  if (errors.length > 0) return [...errors, { ...fieldError.invalid(at, selector, ''), message: shownOnly(selector) }]
  if (isEmpty(selector)) return [fieldError.invalid(at, selector, 'empty selector is invalid for statefulset')]
  return matchErrors(selector, labels)
}

const shownOnly = (selector: LabelSelector) => fieldError.invalid('', selector, '').message.replace(/: $/, '')

/** Upstream shows its own form of it, whose names are Go's. */
const rollingInGo = ({ partition = 0, maxUnavailable }: { partition?: number; maxUnavailable?: number | string }) => ({
  Partition: partition,
  MaxUnavailable: maxUnavailable ?? null,
})

function updateStrategyErrors(spec: Partial<StatefulSetSpec>): FieldError[] {
  const at = 'spec.updateStrategy'
  const { type, rollingUpdate } = spec.updateStrategy ?? {}
  if (type === 'OnDelete') {
    if (!rollingUpdate) return []
    const why = "only allowed for updateStrategy 'RollingUpdate'"
    return [fieldError.invalid(`${at}.rollingUpdate`, rollingInGo(rollingUpdate), why)]
  }
  if (type !== 'RollingUpdate') {
    const inGo = { Type: type ?? '', RollingUpdate: rollingUpdate ? rollingInGo(rollingUpdate) : null }
    return [fieldError.invalid(at, inGo, "must be 'RollingUpdate' or 'OnDelete'")]
  }
  return notNegative(`${at}.rollingUpdate.partition`, rollingUpdate?.partition)
}
