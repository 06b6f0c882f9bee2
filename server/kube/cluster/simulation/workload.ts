// What a simulated cluster has to do: one or two of each kind that loops work on.

import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import type { Client } from '../../client/client.ts'
import type { Kind } from '../../kinds/define-kind.ts'
import {
  CronJob,
  DaemonSet,
  Deployment,
  DeviceClass,
  HorizontalPodAutoscaler,
  Job,
  PersistentVolume,
  PersistentVolumeClaim,
  PodDisruptionBudget,
  ReplicaSet,
  ResourceClaimTemplate,
  ResourceSlice,
  Service,
  StatefulSet,
} from '../../kinds/index.ts'
import { DRIVER } from './attacher.ts'
import { ELASTIC, ELASTIC_MAX, TARGET_PERCENT } from './load.ts'

export const namespace = 'default'
export const FIXED_REPLICAS = 4
export const PARALLELISM = 2
/** Deployments that are deleted, each in its own way. */
export const DOOMED = { background: 'Background', foreground: 'Foreground', orphan: 'Orphan' } as const
export const DOOMED_REPLICAS = 2

export const named = (name: string, inNamespace = namespace) => ({ namespace: inNamespace, name })
const selector = (app: string) => ({ matchLabels: { app } })
const storage = { requests: { storage: '1Gi' } }

const podOf = (app: string, spec: object = {}) => ({
  metadata: { labels: { app } },
  spec: {
    containers: [{ name: 'main', image: 'main:1', resources: { requests: { cpu: '100m' } } }],
    tolerations: ['not-ready', 'unreachable'].map((taint) => ({
      key: `node.kubernetes.io/${taint}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 3,
    })),
    ...spec,
  } as NonNullable<CorePod['spec']>,
})

export const deployment = (name: string, { replicas = 3, inNamespace = namespace, spec = {}, pod = {} } = {}) => ({
  metadata: named(name, inNamespace),
  spec: { replicas, selector: selector(name), template: podOf(name, pod), ...spec },
})

const withDevice = { resourceClaims: [{ name: 'lamp', resourceClaimTemplateName: 'lamp' }] }

type Make = (client: Client) => Promise<unknown>
const make =
  <T extends KubeObject>(kind: Kind<T>, object: T): Make =>
  (client) =>
    client.of(kind).create(object)

const PROGRAMS: readonly Make[] = [
  make(Service, { metadata: named('web'), spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } }),
  make(Deployment, deployment('web')),
  ...Object.keys(DOOMED).map((name) => make(Deployment, deployment(name, { replicas: DOOMED_REPLICAS }))),
  make(ReplicaSet, {
    metadata: named('fixed'),
    spec: { replicas: FIXED_REPLICAS, selector: selector('fixed'), template: podOf('fixed', withDevice) },
  }),
  make(PodDisruptionBudget, { metadata: named('fixed'), spec: { maxUnavailable: 1, selector: selector('fixed') } }),
  make(StatefulSet, {
    metadata: named('db'),
    spec: { serviceName: 'db', replicas: 3, selector: selector('db'), template: podOf('db') },
  }),
  make(DaemonSet, {
    metadata: named('agent'),
    // As such agents are: others make room for it on a full machine.
    spec: { selector: selector('agent'), template: podOf('agent', { priorityClassName: 'system-node-critical' }) },
  }),
  make(Job, {
    metadata: named('work'),
    spec: {
      completions: 5,
      parallelism: PARALLELISM,
      backoffLimit: 100,
      completionMode: 'Indexed',
      template: podOf('work', { restartPolicy: 'Never' }),
    },
  }),
  make(CronJob, {
    metadata: named('cron'),
    spec: {
      schedule: '* * * * *',
      concurrencyPolicy: 'Forbid',
      jobTemplate: { spec: { backoffLimit: 100, template: podOf('cron', { restartPolicy: 'Never' }) } },
    },
  }),
]

/** As many as the pods that need one, on any machine: one that is not given back is missed. */
const DEVICES: readonly Make[] = [
  make(DeviceClass, { metadata: { name: 'lamp' }, spec: {} }),
  make(ResourceSlice, {
    metadata: { name: 'lamps' },
    spec: {
      driver: 'lamps.example.com',
      allNodes: true,
      pool: { name: 'lamps', generation: 1, resourceSliceCount: 1 },
      devices: Array.from({ length: FIXED_REPLICAS }, (_, at) => ({ name: `lamp-${at}` })),
    },
  }),
  make(ResourceClaimTemplate, {
    metadata: named('lamp'),
    spec: { spec: { devices: { requests: [{ name: 'lamp', exactly: { deviceClassName: 'lamp' } }] } } },
  }),
]

const SCALED_BY_LOAD: readonly Make[] = [
  make(Deployment, deployment(ELASTIC, { replicas: 1 })),
  make(HorizontalPodAutoscaler, {
    metadata: named(ELASTIC),
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: ELASTIC },
      maxReplicas: ELASTIC_MAX,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: TARGET_PERCENT } },
        },
      ],
      behavior: { scaleDown: { stabilizationWindowSeconds: 10 } },
    },
  }),
]

const WITH_VOLUMES: readonly Make[] = [
  // Directories of machines, made when the scheduler has chosen. Others make room: these pods can go nowhere else.
  make(StatefulSet, {
    metadata: named('store'),
    spec: {
      serviceName: 'store',
      replicas: 2,
      selector: selector('store'),
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Delete' },
      template: podOf('store', { priorityClassName: 'system-cluster-critical' }),
      volumeClaimTemplates: [
        { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: storage } },
      ],
    },
  }),
  // A disk that goes from machine to machine.
  make(PersistentVolume, {
    metadata: { name: 'disk' },
    spec: {
      capacity: storage.requests,
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      csi: { driver: DRIVER, volumeHandle: 'handle' },
    },
  }),
  make(PersistentVolumeClaim, {
    metadata: named('disk'),
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: '', volumeName: 'disk', resources: storage },
  }),
  make(
    Deployment,
    deployment('roaming', {
      replicas: 1,
      spec: { strategy: { type: 'Recreate' } },
      pod: { volumes: [{ name: 'disk', persistentVolumeClaim: { claimName: 'disk' } }] },
    }),
  ),
]

export const WORKLOAD: readonly Make[] = [...DEVICES, ...PROGRAMS, ...SCALED_BY_LOAD, ...WITH_VOLUMES]
