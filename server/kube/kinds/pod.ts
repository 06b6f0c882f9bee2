// The pod: containers that live and die together on one node. Upstream: kubernetes/pkg/registry/core/pod/strategy.go.

import type { Pod as Wire } from 'kubernetes-types/core/v1'
import { fieldError } from '../apimachinery/status-error.ts'
import { defineKind } from './define-kind.ts'
import { appArmorMismatches, takeAppArmorFromAnnotations } from './pod-template/app-armor-annotations.ts'
import type { PodSpec } from './pod-template/newer-fields.ts'
import { podColumns, podRowConditions } from './pod-template/pod-columns.ts'
import { defaultPodOnly, defaultPodSpec } from './pod-template/pod-defaults.ts'
import { resizeErrors } from './pod-template/pod-resize.ts'
import { keepPodStatus, podStatusErrors } from './pod-template/pod-status.ts'
import {
  ephemeralUpdateErrors,
  podAnnotationErrors,
  podAnnotationUpdateErrors,
  podUpdateErrors,
} from './pod-template/pod-update.ts'
import { podSpecErrors } from './pod-template/pod-validation.ts'
import { podStatusWarnings, podWarnings } from './pod-template/pod-warnings.ts'
import { qosClassOf } from './pod-template/qos.ts'
import { gatedConditions, settleLabelKeys } from './pod-template/scheduling.ts'
import { seccompMismatches } from './pod-template/seccomp-annotations.ts'

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
    'resize',
  ],
  strategy: {
    warnings: (pod, previous) => (previous ? [] : podWarnings(pod)),
    statusWarnings: podStatusWarnings,
    setDefaults(pod) {
      pod.spec ??= { containers: [] }
      if (!pod.spec.serviceAccountName && pod.spec.serviceAccount) pod.spec.serviceAccountName = pod.spec.serviceAccount
      if (pod.spec.serviceAccountName) pod.spec.serviceAccount = pod.spec.serviceAccountName
      defaultPodSpec(pod.spec)
      defaultPodOnly(pod.spec)
    },
    prepareForCreate(pod, occasion) {
      const qosClass = pod.spec ? qosClassOf(pod.spec) : 'BestEffort'
      Object.assign(pod, { status: { phase: 'Pending', qosClass, ...gatedConditions(pod) } })
      settleLabelKeys(pod)
      takeAppArmorFromAnnotations(pod, occasion)
    },
    prepareForStatusUpdate: keepPodStatus,
    validate: (pod) => [...podAnnotationErrors(pod), ...podSpecErrors(pod.spec, 'spec', pod.metadata?.name ?? '')],
    validateCreate({ metadata, spec }) {
      const errors = [
        ...seccompMismatches(metadata?.annotations, spec as PodSpec | undefined, 'spec'),
        ...appArmorMismatches(metadata?.annotations, spec as PodSpec | undefined, 'spec'),
      ]
      if (spec?.ephemeralContainers?.length) {
        errors.push(fieldError.forbidden('spec.ephemeralContainers', 'cannot be set on create'))
      }
      return spec?.nodeName && spec.schedulingGates?.length
        ? [
            ...errors,
            fieldError.forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'),
          ]
        : errors
    },
    validateUpdate(next, previous, subresource) {
      const errors = podAnnotationUpdateErrors(next, previous)
      if (subresource === 'resize') return [...errors, ...resizeErrors(next, previous)]
      if (subresource === 'ephemeralcontainers') return [...errors, ...ephemeralUpdateErrors(next, previous)]
      return [...errors, ...podUpdateErrors(next.spec as PodSpec, previous.spec as PodSpec)]
    },
    validateStatusUpdate: (next, previous) => [
      ...podAnnotationErrors(next),
      ...podAnnotationUpdateErrors(next, previous),
      ...podStatusErrors(next, previous),
    ],
    // Nobody runs it yet, or any more: there is nothing to wait for.
    gracePeriodSeconds(pod, asked) {
      const { phase } = pod.status ?? {}
      if (!pod.spec?.nodeName || phase === 'Succeeded' || phase === 'Failed') return 0
      return asked ?? pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS
    },
    // Old kubelets do not know all fields of an owner.
    keptByStatusUpdates: ['ownerReferences'],
    returnsDeletedObject: true,
  },
  rowConditions: podRowConditions,
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
