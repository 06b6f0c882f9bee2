// The PersistentVolumeClaim: so much storage is wanted, of such a class.
// Upstream: kubernetes/pkg/registry/core/persistentvolumeclaim, pkg/apis/core/validation.

import type { PersistentVolumeClaimSpec, PersistentVolumeClaim as Wire } from 'kubernetes-types/core/v1'
import { deepCopy, deepEqual } from '../apimachinery/deep.ts'
import { differenceOf } from '../apimachinery/difference.ts'
import { immutable, oneOf, problemsAt, quantityErrors } from '../apimachinery/field-checks.ts'
import { type LabelSelector, labelSelectorErrors } from '../apimachinery/label-selector.ts'
import { dnsLabelProblems, dnsSubdomainProblems } from '../apimachinery/names.ts'
import { quantityOf } from '../apimachinery/quantity.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'
import { claimStatusErrors } from './storage/claim-status.ts'
import { claimWarnings } from './storage/storage-warnings.ts'
import {
  accessModeErrors,
  CLASS_ANNOTATION,
  shownAccessModes,
  shownPhase,
  storageClassOf,
  VOLUME_MODES,
} from './storage/volumes.ts'

const FROZEN =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'
const CURRENT_CLASS = 'status.currentVolumeAttributesClassName'

const SOURCES = new Set(['/PersistentVolumeClaim', 'snapshot.storage.k8s.io/VolumeSnapshot'])

export const PersistentVolumeClaim = defineKind<Wire>({
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  shortNames: ['pvc'],
  subresources: ['status'],
  strategy: {
    warnings: claimWarnings,
    returnsDeletedObject: true,
    setDefaults({ spec }) {
      if (!spec) return
      spec.volumeMode ??= 'Filesystem'
    },
    prepareForCreate(claim) {
      settleSource(claim.spec)
      Object.assign(claim, { status: { phase: 'Pending' } })
    },
    prepareForUpdate(next, previous) {
      settleSource(next.spec, previous.spec)
    },
    validate: ({ spec }, previous) => claimSpecErrors(spec, 'spec', previous?.spec),
    validateUpdate: updateErrors,
    validateStatusUpdate: ({ status }) => claimStatusErrors(status),
  },
  columns: [
    nameColumn,
    { name: 'Status', field: 'status.phase', value: shownPhase },
    { name: 'Volume', field: 'spec.volumeName', value: ({ spec }) => spec?.volumeName ?? '' },
    {
      name: 'Capacity',
      field: 'status.capacity',
      value: ({ spec, status }) => (spec?.volumeName ? (status?.capacity?.storage ?? '0') : ''),
    },
    {
      name: 'Access Modes',
      field: 'status.accessModes',
      value: ({ spec, status }) => (spec?.volumeName ? shownAccessModes(status?.accessModes) : ''),
    },
    { name: 'StorageClass', description: 'StorageClass of the pvc', value: storageClassOf },
    {
      name: 'VolumeAttributesClass',
      description: 'VolumeAttributesClass of the pvc',
      value: ({ spec }) => spec?.volumeAttributesClassName ?? '<unset>',
    },
    ageColumn,
    { name: 'VolumeMode', field: 'spec.volumeMode', priority: 1, value: ({ spec }) => spec?.volumeMode ?? '<unset>' },
  ],
})

/** Also of the templates of StatefulSets and of ephemeral volumes. */
export function claimSpecErrors(
  spec: PersistentVolumeClaimSpec | undefined,
  at: string,
  previous?: PersistentVolumeClaimSpec,
): FieldError[] {
  const { accessModes = [], selector, resources, storageClassName, volumeMode } = spec ?? {}
  const errors: FieldError[] = []
  if (accessModes.length === 0) {
    errors.push(fieldError.required(`${at}.accessModes`, 'at least 1 access mode is required'))
  }
  if (selector) errors.push(...labelSelectorErrors(selector as LabelSelector, `${at}.selector`))
  errors.push(...accessModeErrors(`${at}.accessModes`, accessModes))
  const storage = resources?.requests?.storage
  if (storage === undefined) errors.push(fieldError.required(`${at}.resources[storage]`))
  else errors.push(...quantityErrors(`${at}.resources[storage]`, storage, { positive: true }))
  if (storageClassName) {
    errors.push(...problemsAt(`${at}.storageClassName`, storageClassName, dnsSubdomainProblems(storageClassName)))
  }
  if (volumeMode !== undefined) errors.push(...oneOf(`${at}.volumeMode`, volumeMode, VOLUME_MODES))
  const attributes = spec?.volumeAttributesClassName
  return [
    ...errors,
    ...sourceErrors(spec, at, previous),
    ...(attributes ? problemsAt(`${at}.volumeAttributesClassName`, attributes, dnsSubdomainProblems(attributes)) : []),
  ]
}

/** Groups were not looked at once. */
const hasOddGroup = (source: { apiGroup?: string } | undefined) =>
  dnsSubdomainProblems(source?.apiGroup || 'ok').length > 0

function sourceErrors(
  spec: PersistentVolumeClaimSpec | undefined,
  at: string,
  previous?: PersistentVolumeClaimSpec,
): FieldError[] {
  const errors: FieldError[] = []
  const mayBeOld = hasOddGroup(previous?.dataSource) || hasOddGroup(previous?.dataSourceRef)
  const { dataSource, dataSourceRef } = spec ?? {}
  for (const [field, source] of Object.entries({ dataSource, dataSourceRef })) {
    if (!source) continue
    if (!source.name) errors.push(fieldError.required(`${at}.${field}.name`))
    if (!source.kind) errors.push(fieldError.required(`${at}.${field}.kind`))
    if (!source.apiGroup && source.kind !== 'PersistentVolumeClaim') {
      errors.push(
        fieldError.invalid(
          `${at}.${field}`,
          source.kind,
          "must be 'PersistentVolumeClaim' when referencing the default apiGroup",
        ),
      )
    }
    const { apiGroup } = source
    if (apiGroup && !mayBeOld) {
      errors.push(...problemsAt(`${at}.${field}.apiGroup`, apiGroup, dnsSubdomainProblems(apiGroup)))
    }
  }
  const { namespace, ...ref } = dataSourceRef ?? {}
  if (namespace) errors.push(...problemsAt(`${at}.dataSourceRef.namespace`, namespace, dnsLabelProblems(namespace)))
  // Upstream shows a place where a value belongs, and nothing of a place can be seen.
  const refuse = (why: string) => fieldError.invalid(at, {}, why)
  if (dataSource && namespace) errors.push(refuse('may not be specified when dataSourceRef.namespace is specified'))
  else if (dataSource && dataSourceRef && !deepEqual(dataSource, ref)) errors.push(refuse('must match dataSourceRef'))
  return errors
}

/**
 * Two names for one thing: what one says the other says too. The older one was heard only of claims and snapshots, and
 * still is where it stands alone.
 */
function settleSource(spec: PersistentVolumeClaimSpec | undefined, before?: PersistentVolumeClaimSpec): void {
  if (!spec) return
  const { dataSource, dataSourceRef } = spec
  const isUsed = before?.dataSource || before?.dataSourceRef
  if (dataSource && !dataSourceRef && !isUsed && !SOURCES.has(`${dataSource.apiGroup ?? ''}/${dataSource.kind}`)) {
    delete spec.dataSource
  } else if (dataSource && !dataSourceRef) spec.dataSourceRef = { ...dataSource }
  else if (dataSourceRef && !dataSource && !dataSourceRef.namespace) {
    const { namespace: _namespace, ...source } = dataSourceRef
    spec.dataSource = source
  }
}

function updateErrors(next: Wire, previous: Wire): FieldError[] {
  const [spec, before] = [deepCopy(next.spec ?? {}), deepCopy(previous.spec ?? {})]
  // A claim is bound once, and may get a class if it was made without.
  if (!before.volumeName && spec.volumeName) before.volumeName = spec.volumeName
  const errors: FieldError[] = []
  const [beta, betaBefore] = [betaClassOf(next), betaClassOf(previous)]
  const { storageClassName } = spec
  const mayBeGiven = before.storageClassName === undefined && storageClassName !== undefined
  const isMoved = mayBeGiven && storageClassName === betaBefore && (beta ?? betaBefore) === betaBefore
  if (!isMoved && (beta ?? '') !== (betaBefore ?? '')) {
    errors.push(fieldError.invalid(`metadata.annotations.${CLASS_ANNOTATION}`, beta ?? '', 'field is immutable'))
  }
  if (mayBeGiven && (betaBefore ?? storageClassName) === storageClassName) before.storageClassName = storageClassName
  if (next.status?.phase === 'Bound') {
    if (spec.resources?.requests && before.resources?.requests?.storage) {
      spec.resources.requests.storage = before.resources.requests.storage
    }
    delete spec.volumeAttributesClassName
    delete before.volumeAttributesClassName
  }
  if (!deepEqual(spec, before)) errors.push(fieldError.forbidden('spec', `${FROZEN}\n${differenceOf(before, spec)}`))
  const amount = quantityOf(next.spec?.resources?.requests?.storage)
  const isSmaller = amount.compare(quantityOf(previous.spec?.resources?.requests?.storage)) < 0
  // What could not be made larger may be asked for smaller again, but never smaller than it is.
  if (isSmaller && amount.compare(quantityOf(previous.status?.capacity?.storage)) <= 0) {
    errors.push(fieldError.forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity'))
  }
  errors.push(...immutable('volumeMode', next.spec?.volumeMode, previous.spec?.volumeMode))
  const attributes = next.spec?.volumeAttributesClassName
  // A class that never came to be may be taken back.
  if (previous.status?.currentVolumeAttributesClassName === undefined || attributes) return errors
  if (attributes === previous.spec?.volumeAttributesClassName) return errors
  const why = `update to ${attributes === '' ? 'empty string' : 'nil'} is forbidden when ${CURRENT_CLASS} is not nil`
  return [...errors, fieldError.forbidden('spec.volumeAttributesClassName', why)]
}

const betaClassOf = ({ metadata }: Wire) => metadata?.annotations?.[CLASS_ANNOTATION]
