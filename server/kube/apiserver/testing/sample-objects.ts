// One small valid object of each kind, and a change to it: what the conformance test runs every kind through.

import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { CERTIFICATE_REQUEST } from './certificate-request.ts'

export interface Sample {
  object: KubeObject & Record<string, unknown>
  /** For kinds whose names say something; `conform` otherwise. */
  name?: string
  /** A finalizer that it gets keeps it after its deletion. */
  isKept?: boolean
  /** A merge patch that is allowed. */
  patch: Record<string, unknown>
}

const template = (app: string) => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: 'web', image: 'nginx:1.26' }] },
})

const once = { spec: { restartPolicy: 'Never', containers: [{ name: 'once', image: 'busybox' }] } }

const labelled = { metadata: { labels: { seen: 'yes' } } }

const rules = [{ operations: ['CREATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] }]
const matchConstraints = { resourceRules: rules }
const webhook = {
  name: 'few.example.com',
  rules,
  clientConfig: { url: 'https://few.example.com/' },
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
}

/** By plural, or by group and plural. A kind that is missing here fails the conformance test. */
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
    patch: { type: 'Warning' },
  },
  'events.k8s.io/events': {
    object: {
      eventTime: '2026-01-01T00:00:00.000000Z',
      regarding: { kind: 'Pod', name: 'web', namespace: 'default' },
      reportingController: 'example.com/loop',
      reportingInstance: 'loop-1',
      action: 'Starting',
      reason: 'Started',
      type: 'Normal',
    },
    patch: { series: { count: 2, lastObservedTime: '2026-01-01T00:00:01.000000Z' } },
  },
  leases: {
    object: { spec: { holderIdentity: 'a', leaseDurationSeconds: 15 } },
    patch: { spec: { holderIdentity: 'b' } },
  },
  replicasets: {
    object: { spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template: template('web') } },
    patch: { spec: { replicas: 3 } },
  },
  replicationcontrollers: {
    object: { spec: { replicas: 2, template: template('web') } },
    patch: { spec: { replicas: 3 } },
  },
  podtemplates: { object: { template: template('web') }, patch: labelled },
  limitranges: {
    object: { spec: { limits: [{ type: 'Container', max: { cpu: '1' } }] } },
    patch: { spec: { limits: [{ type: 'Pod', max: { cpu: '2' } }] } },
  },
  resourcequotas: { object: { spec: { hard: { pods: '5' } } }, patch: { spec: { hard: { pods: '6' } } } },
  statefulsets: {
    object: {
      spec: { serviceName: 'web', selector: { matchLabels: { app: 'web' } }, template: template('web') },
    },
    patch: { spec: { replicas: 3 } },
  },
  daemonsets: {
    object: { spec: { selector: { matchLabels: { app: 'web' } }, template: template('web') } },
    patch: { spec: { minReadySeconds: 3 } },
  },
  controllerrevisions: { object: { data: { spec: {} }, revision: 1 }, patch: { revision: 2 } },
  jobs: { object: { spec: { template: once } }, patch: { spec: { suspend: true } } },
  cronjobs: {
    object: { spec: { schedule: '@daily', jobTemplate: { spec: { template: once } } } },
    patch: { spec: { suspend: true } },
  },
  poddisruptionbudgets: {
    object: { spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } } },
    patch: { spec: { minAvailable: '50%' } },
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
  persistentvolumes: {
    isKept: true,
    object: {
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        hostPath: { path: '/mnt/data' },
      },
    },
    patch: { spec: { persistentVolumeReclaimPolicy: 'Delete' } },
  },
  persistentvolumeclaims: {
    isKept: true,
    object: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
    patch: labelled,
  },
  networkpolicies: {
    object: { spec: { podSelector: {}, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }] }] } },
    patch: { spec: { podSelector: { matchLabels: { app: 'db' } } } },
  },
  ingresses: {
    object: { spec: { defaultBackend: { service: { name: 'web', port: { number: 80 } } } } },
    patch: { spec: { ingressClassName: 'nginx' } },
  },
  ingressclasses: { object: { spec: { controller: 'example.com/ingress' } }, patch: labelled },
  ipaddresses: {
    name: '10.96.7.7',
    object: { spec: { parentRef: { resource: 'services', namespace: 'default', name: 'web' } } },
    patch: labelled,
  },
  servicecidrs: { object: { spec: { cidrs: ['10.200.0.0/24'] } }, patch: labelled },
  storageclasses: { object: { provisioner: 'example.com/disks' }, patch: { allowVolumeExpansion: true } },
  volumeattributesclasses: {
    object: { driverName: 'disks.example.com', parameters: { iops: '3000' } },
    isKept: true,
    patch: labelled,
  },
  volumeattachments: {
    object: { spec: { attacher: 'disks.example.com', nodeName: 'node-1', source: { persistentVolumeName: 'data' } } },
    patch: labelled,
  },
  csidrivers: { object: { spec: {} }, patch: { spec: { podInfoOnMount: true } } },
  csinodes: { object: { spec: { drivers: [{ name: 'disks.example.com', nodeID: 'n1' }] } }, patch: labelled },
  csistoragecapacities: { object: { storageClassName: 'fast' }, patch: { capacity: '10Gi' } },
  priorityclasses: { object: { value: 1000 }, patch: { description: 'for what learners wait for' } },
  runtimeclasses: { object: { handler: 'gvisor' }, patch: labelled },
  certificatesigningrequests: {
    object: {
      spec: {
        request: CERTIFICATE_REQUEST,
        signerName: 'kubernetes.io/kube-apiserver-client',
        usages: ['client auth'],
      },
    },
    patch: labelled,
  },
  mutatingwebhookconfigurations: {
    object: { webhooks: [webhook] },
    patch: { webhooks: [{ ...webhook, sideEffects: 'NoneOnDryRun' }] },
  },
  validatingwebhookconfigurations: {
    object: { webhooks: [webhook] },
    patch: { webhooks: [{ ...webhook, sideEffects: 'NoneOnDryRun' }] },
  },
  validatingadmissionpolicies: {
    object: { spec: { matchConstraints, validations: [{ expression: 'object.spec.replicas <= 5' }] } },
    patch: { spec: { failurePolicy: 'Ignore' } },
  },
  validatingadmissionpolicybindings: {
    object: { spec: { policyName: 'few', validationActions: ['Deny'] } },
    patch: { spec: { validationActions: ['Warn'] } },
  },
  mutatingadmissionpolicies: {
    object: {
      spec: {
        matchConstraints,
        reinvocationPolicy: 'Never',
        mutations: [
          { patchType: 'JSONPatch', jsonPatch: { expression: '[JSONPatch{op: "remove", path: "/spec/replicas"}]' } },
        ],
      },
    },
    patch: { spec: { failurePolicy: 'Ignore' } },
  },
  mutatingadmissionpolicybindings: {
    object: { spec: { policyName: 'few' } },
    patch: { spec: { policyName: 'many' } },
  },
  flowschemas: {
    object: {
      spec: {
        priorityLevelConfiguration: { name: 'global-default' },
        rules: [
          {
            subjects: [{ kind: 'Group', group: { name: 'class-a' } }],
            resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'] }],
          },
        ],
      },
    },
    patch: { spec: { matchingPrecedence: 500 } },
  },
  prioritylevelconfigurations: {
    object: { spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } } },
    patch: { spec: { limited: { nominalConcurrencyShares: 5 } } },
  },
  resourceclaims: {
    object: { spec: { devices: { requests: [{ name: 'gpu', exactly: { deviceClassName: 'gpus' } }] } } },
    patch: labelled,
  },
  resourceclaimtemplates: {
    object: { spec: { spec: { devices: { requests: [{ name: 'gpu', exactly: { deviceClassName: 'gpus' } }] } } } },
    patch: labelled,
  },
  deviceclasses: {
    object: { spec: { selectors: [{ cel: { expression: 'device.driver == "gpus.example.com"' } }] } },
    patch: { spec: { selectors: [{ cel: { expression: 'true' } }] } },
  },
  resourceslices: {
    object: {
      spec: {
        driver: 'gpus.example.com',
        nodeName: 'node-1',
        pool: { name: 'node-1', generation: 1, resourceSliceCount: 1 },
        devices: [{ name: 'gpu-0' }],
      },
    },
    patch: { spec: { pool: { generation: 2 } } },
  },
}

export const sampleOf = ({ group, plural }: { group: string; plural: string }): Sample | undefined =>
  SAMPLES[`${group}/${plural}`] ?? SAMPLES[plural]
