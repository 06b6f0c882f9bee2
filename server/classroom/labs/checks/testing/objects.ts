// Objects by hand for tests of checks: only what checks read.

import {
  type ClusterView,
  type Deployment,
  type EndpointSlice,
  emptyView,
  type Pod,
  type ReplicaSet,
  type Service,
} from '../../cluster-view.ts'

export interface PodTold {
  image?: string
  ready?: boolean
  labels?: Record<string, string>
  owner?: string
  namespace?: string
  waiting?: string
  restarts?: number
  deleted?: boolean
  ip?: string
  annotations?: Record<string, string>
  uid?: string
}

export function pod(name: string, told: PodTold = {}): Pod {
  const { image = 'nginx', ready = true, labels = {}, owner, namespace = 'default', waiting, restarts = 0 } = told
  return {
    metadata: {
      name,
      namespace,
      uid: told.uid ?? `uid-${name}`,
      labels,
      ...(told.annotations ? { annotations: told.annotations } : {}),
      ...(owner
        ? {
            ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner, controller: true }],
          }
        : {}),
      ...(told.deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: { nodeName: 'node-1', containers: [{ name: 'main', image }] },
    status: {
      phase: ready ? 'Running' : 'Pending',
      ...(told.ip ? { podIP: told.ip } : {}),
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      containerStatuses: [
        {
          name: 'main',
          image,
          imageID: '',
          ready,
          restartCount: restarts,
          ...(waiting ? { state: { waiting: { reason: waiting } } } : {}),
        },
      ],
    },
  }
}

export const deployment = (name: string, told: { replicas?: number; image?: string } = {}): Deployment => ({
  metadata: { name, namespace: 'default', uid: `d-${name}` },
  spec: {
    replicas: told.replicas ?? 1,
    selector: { matchLabels: { app: name } },
    template: { spec: { containers: [{ name: 'main', image: told.image ?? 'nginx' }] } },
  },
})

export const replicaSet = (uid: string, of: string, replicas: number, revision = 1): ReplicaSet => ({
  metadata: {
    name: uid,
    namespace: 'default',
    uid,
    annotations: { 'deployment.kubernetes.io/revision': String(revision) },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: of, uid: `d-${of}`, controller: true }],
  },
  status: { replicas },
})

export const service = (
  name: string,
  selector: Record<string, string>,
  port = 80,
  targetPort: number | string = 80,
): Service => ({
  metadata: { name, namespace: 'default' },
  spec: { selector, clusterIP: '10.96.0.7', ports: [{ port, targetPort }] },
})

export const slice = (of: string, ...pods: string[]): EndpointSlice => ({
  metadata: { name: `${of}-x`, namespace: 'default', labels: { 'kubernetes.io/service-name': of } },
  addressType: 'IPv4',
  endpoints: pods.map((name) => ({
    addresses: ['10.244.0.1'],
    conditions: { ready: true },
    targetRef: { kind: 'Pod', name },
  })),
})

export const view = (parts: Partial<ClusterView>): ClusterView => ({ ...emptyView, ...parts })
export const wasThere = (...pods: Pod[]) => ({
  pods: pods.map(({ metadata, status }) => ({
    name: metadata?.name ?? '',
    namespace: 'default',
    uid: metadata?.uid ?? '',
    labels: metadata?.labels ?? {},
    restarts: status?.containerStatuses?.[0]?.restartCount ?? 0,
  })),
})
