// One ClusterRole for each loop of controllers/, bound to the service account of its name in kube-system.
// Upstream: kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy/controller_policy.go.

import type { PolicyRule } from 'kubernetes-types/rbac/v1'
import { TRACKING } from '../../../kinds/legacy-token.ts'
import { EVENTS, READ, rule } from './tell.ts'

export const CONTROLLER_PREFIX = 'system:controller:'
const APPS = ['apps', 'extensions']
const RBAC = ['rbac.authorization.k8s.io']

const CERTIFICATES = ['certificates.k8s.io']
const SIGNERS =
  'kubernetes.io/kube-apiserver-client kubernetes.io/kube-apiserver-client-kubelet kubernetes.io/kubelet-serving kubernetes.io/legacy-unknown'

const RULES: Readonly<Record<string, readonly PolicyRule[]>> = {
  'attachdetach-controller': [
    rule('list watch', [''], 'persistentvolumeclaims persistentvolumes'),
    rule(READ, [''], 'nodes'),
    rule('patch update', [''], 'nodes/status'),
    rule('list watch', [''], 'pods'),
    rule('create delete get list watch', ['storage.k8s.io'], 'volumeattachments'),
    rule(READ, ['storage.k8s.io'], 'csidrivers'),
    rule(READ, ['storage.k8s.io'], 'csinodes'),
    EVENTS,
  ],
  'certificate-controller': [
    rule('delete get list watch', CERTIFICATES, 'certificatesigningrequests'),
    rule('update', CERTIFICATES, 'certificatesigningrequests/approval certificatesigningrequests/status'),
    rule('approve', CERTIFICATES, 'signers', 'kubernetes.io/kube-apiserver-client-kubelet'),
    rule('sign', CERTIFICATES, 'signers', SIGNERS),
    rule('create', ['authorization.k8s.io'], 'subjectaccessreviews'),
    EVENTS,
  ],
  // It may write any rule into a role, since others have said what may be gathered.
  'clusterrole-aggregation-controller': [rule('escalate get list patch update watch', RBAC, 'clusterroles')],
  'cronjob-controller': [
    rule('get list update watch', ['batch'], 'cronjobs'),
    rule('create delete get list patch update watch', ['batch'], 'jobs'),
    rule('update', ['batch'], 'cronjobs/status'),
    rule('update', ['batch'], 'cronjobs/finalizers'),
    rule('delete list watch', [''], 'pods'),
    EVENTS,
  ],
  'daemon-set-controller': [
    rule('get list watch', APPS, 'daemonsets'),
    rule('update', APPS, 'daemonsets/status'),
    rule('update', APPS, 'daemonsets/finalizers'),
    rule('list watch', [''], 'nodes'),
    rule('create delete list patch watch', [''], 'pods'),
    rule('create', [''], 'pods/binding'),
    rule('create delete get list patch update watch', ['apps'], 'controllerrevisions'),
    EVENTS,
  ],
  'deployment-controller': [
    rule('get list update watch', APPS, 'deployments'),
    rule('update', APPS, 'deployments/status'),
    rule('update', APPS, 'deployments/finalizers'),
    rule('create delete get list patch update watch', APPS, 'replicasets'),
    rule('get list update watch', [''], 'pods'),
    EVENTS,
  ],
  'device-taint-eviction-controller': [
    rule('delete get list watch', [''], 'pods'),
    rule('patch update', [''], 'pods/status'),
    rule(READ, ['resource.k8s.io'], 'resourceclaims'),
    rule(READ, ['resource.k8s.io'], 'resourceslices'),
    rule(READ, ['resource.k8s.io'], 'deviceclasses'),
    EVENTS,
  ],
  'disruption-controller': [
    rule(READ, APPS, 'deployments'),
    rule(READ, APPS, 'replicasets'),
    rule(READ, [''], 'replicationcontrollers'),
    rule(READ, ['policy'], 'poddisruptionbudgets'),
    rule(READ, ['apps'], 'statefulsets'),
    rule('update', ['policy'], 'poddisruptionbudgets/status'),
    rule('patch update', [''], 'pods/status'),
    rule('get', ['*'], '*/scale'),
    EVENTS,
  ],
  'endpoint-controller': [
    rule(READ, [''], 'pods services'),
    rule('create delete get list update watch', [''], 'endpoints'),
    rule('create', [''], 'endpoints/restricted'),
    EVENTS,
  ],
  'endpointslice-controller': [
    rule(READ, [''], 'nodes pods services'),
    rule('update', [''], 'services/finalizers'),
    rule('create delete get list update watch', ['discovery.k8s.io'], 'endpointslices'),
    EVENTS,
  ],
  'endpointslicemirroring-controller': [
    rule(READ, [''], 'endpoints services'),
    rule('update', [''], 'services/finalizers'),
    rule('update', [''], 'endpoints/finalizers'),
    rule('create delete get list update watch', ['discovery.k8s.io'], 'endpointslices'),
    EVENTS,
  ],
  'ephemeral-volume-controller': [
    rule(READ, [''], 'pods'),
    rule('update', [''], 'pods/finalizers'),
    rule('create get list watch', [''], 'persistentvolumeclaims'),
    EVENTS,
  ],
  'expand-controller': [
    rule('get list patch update watch', [''], 'persistentvolumes'),
    rule('patch update', [''], 'persistentvolumeclaims/status'),
    rule('get list watch', [''], 'persistentvolumeclaims'),
    EVENTS,
  ],
  'generic-garbage-collector': [rule('delete get list patch update watch', ['*'], '*'), EVENTS],
  'horizontal-pod-autoscaler': [
    rule(READ, ['autoscaling'], 'horizontalpodautoscalers'),
    rule('update', ['autoscaling'], 'horizontalpodautoscalers/status'),
    rule('get update', ['*'], '*/scale'),
    rule('list watch', [''], 'pods'),
    rule('list watch', ['metrics.k8s.io'], 'pods'),
    rule(READ, ['custom.metrics.k8s.io'], '*'),
    rule(READ, ['external.metrics.k8s.io'], '*'),
    EVENTS,
  ],
  'job-controller': [
    rule('get list patch update watch', ['batch'], 'jobs'),
    rule('update', ['batch'], 'jobs/status'),
    rule('update', ['batch'], 'jobs/finalizers'),
    rule('create delete list patch watch', [''], 'pods'),
    EVENTS,
  ],
  'legacy-service-account-token-cleaner': [
    rule('get', [''], 'configmaps', TRACKING.name),
    rule('delete patch', [''], 'secrets'),
  ],
  'namespace-controller': [
    rule('delete get list watch', [''], 'namespaces'),
    rule('update', [''], 'namespaces/finalize namespaces/status'),
    rule('delete deletecollection get list watch', ['*'], '*'),
  ],
  'node-controller': [
    rule('delete get list patch update watch', [''], 'nodes'),
    rule('patch update', [''], 'nodes/status'),
    rule('patch update', [''], 'pods/status'),
    rule('delete get list watch', [''], 'pods'),
    EVENTS,
  ],
  'service-controller': [
    rule(READ, [''], 'services'),
    rule('patch update', [''], 'services/status'),
    rule('list watch', [''], 'nodes'),
    EVENTS,
  ],
  'service-cidrs-controller': [
    rule('get list patch update watch', ['networking.k8s.io'], 'servicecidrs'),
    rule('patch update', ['networking.k8s.io'], 'servicecidrs/finalizers servicecidrs/status'),
    rule(READ, ['networking.k8s.io'], 'ipaddresses'),
    EVENTS,
  ],
  // Podium's own: upstream has such ones beside its clusters.
  descheduler: [rule(READ, [''], 'namespaces nodes pods'), rule('create', [''], 'pods/eviction'), EVENTS],
  'local-path-provisioner': [
    rule('create delete get list patch update watch', [''], 'persistentvolumes'),
    rule('get list update watch', [''], 'persistentvolumeclaims'),
    rule('update', [''], 'persistentvolumeclaims/status'),
    rule('create get list watch', ['storage.k8s.io'], 'storageclasses'),
    rule('create delete get list watch', [''], 'pods'),
    rule(READ, [''], 'nodes'),
    EVENTS,
  ],
  'persistent-volume-binder': [
    rule('create delete get list update watch', [''], 'persistentvolumes'),
    rule('update', [''], 'persistentvolumes/status'),
    rule('get list update watch', [''], 'persistentvolumeclaims'),
    rule('update', [''], 'persistentvolumeclaims/status'),
    rule(READ, ['storage.k8s.io'], 'storageclasses'),
    rule('create delete get list watch', [''], 'pods'),
    rule('list watch', [''], 'nodes'),
    rule('watch', [''], 'events'),
    EVENTS,
  ],
  'pod-garbage-collector': [
    rule('delete list watch', [''], 'pods'),
    rule(READ, [''], 'nodes'),
    rule('patch', [''], 'pods/status'),
  ],
  'pv-protection-controller': [rule('get list update watch', [''], 'persistentvolumes'), EVENTS],
  'pvc-protection-controller': [
    rule('get list update watch', [''], 'persistentvolumeclaims'),
    rule('update', [''], 'persistentvolumeclaims/status'),
    rule(READ, [''], 'pods'),
    EVENTS,
  ],
  'replicaset-controller': [
    rule('get list update watch', APPS, 'replicasets'),
    rule('update', APPS, 'replicasets/status'),
    rule('update', APPS, 'replicasets/finalizers'),
    rule('create delete list patch watch', [''], 'pods'),
    EVENTS,
  ],
  'resource-claim-controller': [
    rule(READ, [''], 'pods'),
    rule('update', [''], 'pods/finalizers'),
    rule('create delete get list watch', ['resource.k8s.io'], 'resourceclaims'),
    rule('patch update', ['resource.k8s.io'], 'resourceclaims resourceclaims/status'),
    rule('patch update', ['resource.k8s.io'], 'resourceclaims/binding'),
    rule('patch update', [''], 'pods/status'),
    EVENTS,
  ],
  'resourcequota-controller': [rule('list watch', ['*'], '*'), rule('update', [''], 'resourcequotas/status'), EVENTS],
  'replication-controller': [
    rule('get list update watch', [''], 'replicationcontrollers'),
    rule('update', [''], 'replicationcontrollers/status'),
    rule('update', [''], 'replicationcontrollers/finalizers'),
    rule('create delete list patch watch', [''], 'pods'),
    EVENTS,
  ],
  'route-controller': [rule('list watch', [''], 'nodes'), rule('patch', [''], 'nodes/status'), EVENTS],
  'root-ca-cert-publisher': [rule('create update', [''], 'configmaps'), EVENTS],
  // For a loop that runs only where somebody asks for it.
  'selinux-warning-controller': [
    rule(READ, [''], 'persistentvolumes'),
    rule(READ, [''], 'persistentvolumeclaims'),
    rule(READ, [''], 'pods'),
    rule(READ, ['storage.k8s.io'], 'csidrivers'),
    EVENTS,
  ],
  'service-account-controller': [rule('create', [''], 'serviceaccounts'), EVENTS],
  'statefulset-controller': [
    rule('list watch', [''], 'pods'),
    rule('get list watch', ['apps'], 'statefulsets'),
    rule('update', ['apps'], 'statefulsets/status'),
    rule('update', ['apps'], 'statefulsets/finalizers'),
    rule('create delete get patch update', [''], 'pods'),
    rule('create delete get list patch update watch', ['apps'], 'controllerrevisions'),
    rule('create get list watch', [''], 'persistentvolumeclaims'),
    rule('delete update', [''], 'persistentvolumeclaims'),
    rule('update', [''], 'pods/finalizers'),
    EVENTS,
  ],
  'ttl-after-finished-controller': [rule('delete get list watch', ['batch'], 'jobs'), EVENTS],
  'ttl-controller': [rule('list patch update watch', [''], 'nodes'), EVENTS],
  'validatingadmissionpolicy-status-controller': [
    rule(READ, ['admissionregistration.k8s.io'], 'validatingadmissionpolicies'),
    rule('get patch update', ['admissionregistration.k8s.io'], 'validatingadmissionpolicies/status'),
    EVENTS,
  ],
  'volumeattributesclass-protection-controller': [
    rule(READ, [''], 'persistentvolumeclaims'),
    rule(READ, [''], 'persistentvolumes'),
    rule('get list update watch', ['storage.k8s.io'], 'volumeattributesclasses'),
    EVENTS,
  ],
}

export const CONTROLLER_ACCOUNTS: readonly string[] = Object.keys(RULES)

export const CONTROLLER_RULES: Readonly<Record<string, readonly PolicyRule[]>> = Object.fromEntries(
  Object.entries(RULES).map(([account, rules]) => [`${CONTROLLER_PREFIX}${account}`, rules]),
)
