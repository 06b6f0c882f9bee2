// One small valid object of each kind, and a change to it: what the conformance test runs every kind through.

import type { KubeObject } from '../../apimachinery/object-meta.ts'

export interface Sample {
  object: KubeObject & Record<string, unknown>
  /** A merge patch that is allowed. */
  patch: Record<string, unknown>
}

const template = (app: string) => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: 'web', image: 'nginx:1.26' }] },
})

const labelled = { metadata: { labels: { seen: 'yes' } } }

/** By plural. A kind that is missing here fails the conformance test. */
export const SAMPLES: Readonly<Record<string, Sample>> = {
  configmaps: { object: { data: { sky: 'blue' } }, patch: { data: { sky: 'grey' } } },
  secrets: { object: { stringData: { key: 'value' } }, patch: labelled },
  namespaces: { object: {}, patch: labelled },
  nodes: { object: { spec: {} }, patch: { spec: { unschedulable: true } } },
  pods: {
    object: { spec: { containers: [{ name: 'web', image: 'nginx:1.26' }] } },
    patch: labelled,
  },
  services: { object: { spec: { ports: [{ port: 80 }], selector: { app: 'web' } } }, patch: labelled },
  endpoints: {
    object: { subsets: [{ addresses: [{ ip: '10.244.0.5' }], ports: [{ port: 80 }] }] },
    patch: labelled,
  },
  endpointslices: {
    object: { addressType: 'IPv4', endpoints: [{ addresses: ['10.244.0.5'] }], ports: [{ port: 80 }] },
    patch: labelled,
  },
  serviceaccounts: { object: {}, patch: labelled },
  events: {
    object: {
      involvedObject: { kind: 'Pod', name: 'web', namespace: 'default' },
      reason: 'Started',
      message: 'Started container web',
      type: 'Normal',
    },
    patch: { count: 2 },
  },
  leases: {
    object: { spec: { holderIdentity: 'a', leaseDurationSeconds: 15 } },
    patch: { spec: { holderIdentity: 'b' } },
  },
  replicasets: {
    object: { spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template: template('web') } },
    patch: { spec: { replicas: 3 } },
  },
  horizontalpodautoscalers: {
    object: {
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        minReplicas: 1,
        maxReplicas: 3,
      },
    },
    patch: { spec: { maxReplicas: 4 } },
  },
  roles: {
    object: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
    patch: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }] },
  },
  clusterroles: {
    object: { rules: [{ nonResourceURLs: ['/metrics'], verbs: ['get'] }] },
    patch: { rules: [{ nonResourceURLs: ['/metrics', '/healthz'], verbs: ['get'] }] },
  },
  rolebindings: {
    object: { roleRef: { kind: 'ClusterRole', name: 'view' }, subjects: [{ kind: 'User', name: 'otter' }] },
    patch: labelled,
  },
  clusterrolebindings: {
    object: { roleRef: { kind: 'ClusterRole', name: 'view' }, subjects: [{ kind: 'Group', name: 'class-a' }] },
    patch: labelled,
  },
  deployments: {
    object: { spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template: template('web') } },
    patch: { spec: { replicas: 3 } },
  },
}
