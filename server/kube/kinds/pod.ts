// The pod: containers that live and die together on one node. Upstream: kubernetes/pkg/registry/core/pod/strategy.go.

import type { Pod as Wire } from 'kubernetes-types/core/v1'
import { deepCopy, deepEqual } from '../apimachinery/deep.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import { defineKind } from './define-kind.ts'
import { ephemeralContainerErrors, ephemeralUpdateErrors } from './pod-template/ephemeral-containers.ts'
import { podColumns } from './pod-template/pod-columns.ts'
import { defaultPodOnly, defaultPodSpec } from './pod-template/pod-defaults.ts'
import { podSpecErrors } from './pod-template/pod-validation.ts'
import { qosClassOf } from './pod-template/qos.ts'
import { gatedConditions, settleLabelKeys } from './pod-template/scheduling.ts'

const DEFAULT_GRACE_SECONDS = 30

export const Pod = defineKind<Wire>({
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  shortNames: ['po'],
  categories: ['all'],
  hasGeneration: true,
  subresources: [
    'status',
    'log',
    'exec',
    'attach',
    'portforward',
    'proxy',
    'binding',
    'eviction',
    'ephemeralcontainers',
  ],
  strategy: {
    setDefaults(pod) {
      pod.spec ??= { containers: [] }
      if (!pod.spec.serviceAccountName && pod.spec.serviceAccount) pod.spec.serviceAccountName = pod.spec.serviceAccount
      if (pod.spec.serviceAccountName) pod.spec.serviceAccount = pod.spec.serviceAccountName
      defaultPodSpec(pod.spec)
      defaultPodOnly(pod.spec)
    },
    prepareForCreate(pod) {
      const qosClass = pod.spec ? qosClassOf(pod.spec) : 'BestEffort'
      Object.assign(pod, { status: { phase: 'Pending', qosClass, ...gatedConditions(pod) } })
      settleLabelKeys(pod)
    },
    validate: (pod) => [...podSpecErrors(pod.spec, 'spec'), ...ephemeralContainerErrors(pod.spec)],
    validateCreate: (pod) =>
      pod.spec?.ephemeralContainers?.length
        ? [fieldError.forbidden('spec.ephemeralContainers', 'cannot be set on create')]
        : [],
    validateUpdate: updateErrors,
    // Nobody runs it yet, or any more: there is nothing to wait for.
    gracePeriodSeconds(pod, asked) {
      const { phase } = pod.status ?? {}
      if (!pod.spec?.nodeName || phase === 'Succeeded' || phase === 'Failed') return 0
      return asked ?? pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS
    },
    statusUpdatesMetadata: true,
    returnsDeletedObject: true,
  },
  columns: podColumns,
  selectableFields: {
    'spec.nodeName': (pod) => pod.spec?.nodeName ?? '',
    'spec.restartPolicy': (pod) => pod.spec?.restartPolicy ?? '',
    'spec.schedulerName': (pod) => pod.spec?.schedulerName ?? '',
    'spec.serviceAccountName': (pod) => pod.spec?.serviceAccountName ?? '',
    'spec.hostNetwork': (pod) => String(pod.spec?.hostNetwork ?? false),
    'status.phase': (pod) => pod.status?.phase ?? '',
    'status.podIP': (pod) => pod.status?.podIP ?? '',
    'status.nominatedNodeName': (pod) => pod.status?.nominatedNodeName ?? '',
  },
})

const FROZEN =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
  '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

/** A pod is made once: what it runs may be renewed in place, what it is may not. */
function updateErrors(next: Wire, previous: Wire, subresource?: string): FieldError[] {
  if (subresource === 'ephemeralcontainers') return ephemeralUpdateErrors(next, previous)
  const errors: FieldError[] = []
  const { spec } = next
  const before = previous.spec
  if (!spec || !before) return errors
  if ((spec.containers ?? []).length !== (before.containers ?? []).length) {
    return [fieldError.forbidden('spec.containers', 'pod updates may not add or remove containers')]
  }
  if ((spec.initContainers ?? []).length !== (before.initContainers ?? []).length) {
    return [fieldError.forbidden('spec.initContainers', 'pod updates may not add or remove containers')]
  }
  const [deadline, deadlineBefore] = [spec.activeDeadlineSeconds, before.activeDeadlineSeconds]
  if (deadlineBefore !== undefined && (deadline === undefined || deadline > deadlineBefore)) {
    errors.push(
      fieldError.invalid(
        'spec.activeDeadlineSeconds',
        deadline ?? null,
        'must be less than or equal to previous value',
      ),
    )
  }
  const isKept = (before.tolerations ?? []).every((old) => spec.tolerations?.some((now) => sameToleration(now, old)))
  if (!isKept)
    errors.push(
      fieldError.forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'),
    )
  const alike = deepCopy(spec)
  for (const list of ['containers', 'initContainers'] as const) {
    alike[list]?.forEach((container, index) => {
      const image = before[list]?.[index]?.image
      if (image !== undefined) container.image = image
    })
  }
  assignOrDelete(alike, before, ['activeDeadlineSeconds', 'tolerations', 'schedulingGates'])
  if (!deepEqual(alike, before)) errors.push(fieldError.forbidden('spec', FROZEN))
  return errors
}

function sameToleration(a: { tolerationSeconds?: number }, b: { tolerationSeconds?: number }): boolean {
  return deepEqual({ ...a, tolerationSeconds: 0 }, { ...b, tolerationSeconds: 0 })
}

function assignOrDelete<T extends object>(to: T, from: T, fields: (keyof T)[]): void {
  for (const field of fields) {
    if (from[field] === undefined) delete to[field]
    else to[field] = from[field]
  }
}
