// The CSIDriver: what a storage driver can do and wants done. Upstream: kubernetes/pkg/registry/storage/csidriver.

import type { CSIDriverSpec, CSIDriver as WireIn130 } from 'kubernetes-types/storage/v1'
import { deepEqual } from '../apimachinery/deep.ts'
import { immutable, oneOf } from '../apimachinery/field-checks.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'

interface Spec extends CSIDriverSpec {
  nodeAllocatableUpdatePeriodSeconds?: number
  serviceAccountTokenInSecrets?: boolean
}
type Wire = Omit<WireIn130, 'spec'> & { spec: Spec }

const FS_GROUP_POLICIES = ['File', 'None', 'ReadWriteOnceWithFSType']
const MODES = ['Persistent', 'Ephemeral']
const SHORTEST_TOKEN_SECONDS = 600
const SHORTEST_UPDATE_SECONDS = 10
const TOKENS_IN_SIGHT =
  'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes'

export const CSIDriver = defineKind<Wire>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIDriver',
  plural: 'csidrivers',
  namespaced: false,
  strategy: {
    requiresResourceVersion: true,
    returnsDeletedObject: true,
    setDefaults({ spec }) {
      if (!spec) return
      spec.attachRequired ??= true
      spec.podInfoOnMount ??= false
      spec.storageCapacity ??= false
      spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType'
      spec.requiresRepublish ??= false
      spec.seLinuxMount ??= false
      if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent']
    },
    // The number of a first version is not told.
    prepareForUpdate(next, { metadata, spec }) {
      if (deepEqual(next.spec, spec)) return
      next.metadata = { ...next.metadata, generation: (metadata?.generation ?? 0) + 1 }
    },
    validate: ({ spec }) => [
      ...oneOf('spec.fsGroupPolicy', spec?.fsGroupPolicy, FS_GROUP_POLICIES),
      ...tokenErrors(spec),
      ...(spec?.volumeLifecycleModes ?? []).flatMap((mode) => oneOf('spec.volumeLifecycleModes', mode, MODES)),
      ...periodErrors(spec?.nodeAllocatableUpdatePeriodSeconds),
      ...placeErrors(spec),
    ],
    warnings({ spec }, previous) {
      const { tokenRequests = [], serviceAccountTokenInSecrets: isInSecrets } = spec ?? {}
      const isTold = previous && deepEqual(tokenRequests, previous.spec?.tokenRequests ?? [])
      return tokenRequests.length > 0 && isInSecrets === undefined && !isTold ? [TOKENS_IN_SIGHT] : []
    },
    validateUpdate: (next, previous) => [
      ...immutable('spec.attachedRequired', next.spec?.attachRequired, previous.spec?.attachRequired),
      ...immutable('spec.volumeLifecycleModes', next.spec?.volumeLifecycleModes, previous.spec?.volumeLifecycleModes),
    ],
  },
  columns: [
    nameColumn,
    {
      name: 'AttachRequired',
      type: 'boolean',
      field: 'spec.attachRequired',
      value: ({ spec }) => spec?.attachRequired ?? true,
    },
    {
      name: 'PodInfoOnMount',
      type: 'boolean',
      field: 'spec.podInfoOnMount',
      value: ({ spec }) => spec?.podInfoOnMount ?? false,
    },
    {
      name: 'StorageCapacity',
      type: 'boolean',
      field: 'spec.storageCapacity',
      value: ({ spec }) => spec?.storageCapacity ?? false,
    },
    {
      name: 'TokenRequests',
      field: 'spec.tokenRequests',
      value: ({ spec }) => (spec?.tokenRequests ?? []).map(({ audience }) => audience).join(',') || '<unset>',
    },
    {
      name: 'RequiresRepublish',
      type: 'boolean',
      field: 'spec.requiresRepublish',
      value: ({ spec }) => spec?.requiresRepublish ?? false,
    },
    {
      name: 'Modes',
      field: 'spec.volumeLifecycleModes',
      value: ({ spec }) => (spec?.volumeLifecycleModes ?? []).join(',') || '<none>',
    },
    ageColumn,
  ],
})

function tokenErrors(spec: Spec | undefined): FieldError[] {
  const seen = new Set<string>()
  return (spec?.tokenRequests ?? []).flatMap(({ audience = '', expirationSeconds }, index) => {
    const at = `spec.tokenRequests[${index}]`
    if (seen.has(audience)) return [fieldError.duplicate(`${at}.audience`, audience)]
    seen.add(audience)
    const seconds = expirationSeconds ?? SHORTEST_TOKEN_SECONDS
    const refuse = (why: string) => [fieldError.invalid(`${at}.expirationSeconds`, seconds, why)]
    if (seconds < SHORTEST_TOKEN_SECONDS) return refuse('may not specify a duration less than 10 minutes')
    return seconds > 2 ** 32 ? refuse('may not specify a duration larger than 2^32 seconds') : []
  })
}

function placeErrors({
  serviceAccountTokenInSecrets: isInSecrets,
  tokenRequests = [],
}: Partial<Spec> = {}): FieldError[] {
  const why = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified'
  return isInSecrets === undefined || tokenRequests.length > 0
    ? []
    : [fieldError.invalid('spec.serviceAccountTokenInSecrets', isInSecrets, why)]
}

const periodErrors = (seconds: number | undefined): FieldError[] =>
  seconds !== undefined && seconds < SHORTEST_UPDATE_SECONDS
    ? [
        fieldError.invalid(
          'spec.nodeAllocatableUpdatePeriodSeconds',
          seconds,
          'must be greater than or equal to 10 seconds',
        ),
      ]
    : []
