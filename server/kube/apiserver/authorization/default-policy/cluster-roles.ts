// The ClusterRoles that every cluster has, with upstream's names and rules.
// Upstream: kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go.

import type { PolicyRule } from 'kubernetes-types/rbac/v1'
import { CONTROLLER_RULES } from './controller-roles.ts'
import { EVENTS, paths, READ, rule, WRITE } from './tell.ts'
import { ADMIN_RULES, EDIT_RULES, VIEW_RULES } from './user-facing-rules.ts'

const CERTIFICATES = ['certificates.k8s.io']
const STORAGE = ['storage.k8s.io']
const LEASES = ['coordination.k8s.io']

const REVIEW_TOKENS = rule('create', ['authentication.k8s.io'], 'tokenreviews')
const REVIEW_ACCESS = rule('create', ['authorization.k8s.io'], 'subjectaccessreviews')

/** What nodes may do when the Node authorizer does not know better; the ClusterRole system:node is for show. */
export const NODE_RULES: readonly PolicyRule[] = [
  REVIEW_TOKENS,
  rule('create', ['authorization.k8s.io'], 'localsubjectaccessreviews subjectaccessreviews'),
  rule(READ, [''], 'services'),
  rule('create get list watch', [''], 'nodes'),
  rule('patch update', [''], 'nodes/status'),
  rule('patch update', [''], 'nodes'),
  EVENTS,
  rule(READ, [''], 'pods'),
  rule('create delete', [''], 'pods'),
  rule('patch update', [''], 'pods/status'),
  rule('create', [''], 'pods/eviction'),
  rule(READ, [''], 'configmaps secrets'),
  rule('get', [''], 'persistentvolumeclaims persistentvolumes'),
  rule('get', [''], 'endpoints'),
  rule('create get list watch', CERTIFICATES, 'certificatesigningrequests'),
  rule('create delete get patch update', LEASES, 'leases'),
  rule('get', STORAGE, 'volumeattachments'),
  rule('create', [''], 'serviceaccounts/token'),
  rule('get patch update', [''], 'persistentvolumeclaims/status'),
  rule(READ, STORAGE, 'csidrivers'),
  rule('create delete get patch update', STORAGE, 'csinodes'),
  rule(READ, ['node.k8s.io'], 'runtimeclasses'),
  rule('get', ['resource.k8s.io'], 'resourceclaims'),
  rule('deletecollection', ['resource.k8s.io'], 'resourceslices'),
  rule('get', [''], 'serviceaccounts'),
]

/** Roles whose rules are gathered from all that carry the label, and the labels they carry themselves. */
export const AGGREGATED: Readonly<Record<string, { label: string; labels: string[] }>> = {
  admin: { label: 'aggregate-to-admin', labels: [] },
  edit: { label: 'aggregate-to-edit', labels: ['aggregate-to-admin'] },
  view: { label: 'aggregate-to-view', labels: ['aggregate-to-edit'] },
}

/** By name: the label that has a role gathered into an aggregated one. */
export const GATHERED: Readonly<Record<string, string>> = {
  'system:aggregate-to-admin': 'aggregate-to-admin',
  'system:aggregate-to-edit': 'aggregate-to-edit',
  'system:aggregate-to-view': 'aggregate-to-view',
}

const signers = (verb: string, signer: string) => [rule(verb, CERTIFICATES, 'signers', `kubernetes.io/${signer}`)]

export const CLUSTER_ROLES: Readonly<Record<string, readonly PolicyRule[]>> = {
  'cluster-admin': [rule('*', ['*'], '*'), paths('*', '*')],
  'system:discovery': [
    paths('get', '/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/'),
  ],
  'system:public-info-viewer': [paths('get', '/healthz /livez /readyz /version /version/')],
  'system:monitoring': [
    paths('get', '/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*'),
    paths('get', '/flagz /statusz'),
    rule('get', [''], 'nodes/metrics'),
  ],
  'system:basic-user': [
    rule('create', ['authorization.k8s.io'], 'selfsubjectaccessreviews selfsubjectrulesreviews'),
    rule('create', ['authentication.k8s.io'], 'selfsubjectreviews'),
  ],
  'system:aggregate-to-admin': ADMIN_RULES,
  'system:aggregate-to-edit': EDIT_RULES,
  'system:aggregate-to-view': VIEW_RULES,
  'system:heapster': [rule(READ, [''], 'events namespaces nodes pods'), rule(READ, ['extensions'], 'deployments')],
  'system:node': NODE_RULES,
  'system:node-problem-detector': [rule('get', [''], 'nodes'), rule('patch', [''], 'nodes/status'), EVENTS],
  'system:node-proxier': [
    rule('list watch', [''], 'endpoints services'),
    rule(READ, [''], 'nodes'),
    EVENTS,
    rule('list watch', ['discovery.k8s.io'], 'endpointslices'),
    rule('list watch', ['networking.k8s.io'], 'servicecidrs'),
  ],
  'system:node-bootstrapper': [rule('create get list watch', CERTIFICATES, 'certificatesigningrequests')],
  'system:kubelet-api-admin': [
    rule(READ, [''], 'nodes'),
    rule('proxy', [''], 'nodes'),
    rule('*', [''], 'nodes/configz nodes/healthz nodes/log nodes/metrics nodes/pods nodes/proxy nodes/stats'),
  ],
  'system:auth-delegator': [REVIEW_TOKENS, REVIEW_ACCESS],
  'system:kube-aggregator': [rule(READ, [''], 'endpoints services')],
  'system:kube-controller-manager': [
    EVENTS,
    rule('create', LEASES, 'leases'),
    rule('get update', LEASES, 'leases', 'kube-controller-manager'),
    rule('create', [''], 'secrets serviceaccounts'),
    rule('delete', [''], 'secrets'),
    rule('get', [''], 'configmaps namespaces secrets serviceaccounts'),
    rule('update', [''], 'secrets serviceaccounts'),
    REVIEW_TOKENS,
    REVIEW_ACCESS,
    rule('list watch', ['*'], '*'),
    rule('create', [''], 'serviceaccounts/token'),
  ],
  'system:kube-scheduler': [
    EVENTS,
    rule('create', LEASES, 'leases'),
    rule('get list update watch', LEASES, 'leases', 'kube-scheduler'),
    rule(`${READ} ${WRITE}`, LEASES, 'leasecandidates'),
    rule(READ, [''], 'nodes'),
    rule('delete get list watch', [''], 'pods'),
    rule('create', [''], 'bindings pods/binding'),
    rule('patch update', [''], 'pods/status'),
    rule(READ, [''], 'replicationcontrollers services'),
    rule(READ, ['apps', 'extensions'], 'replicasets'),
    rule(READ, ['apps'], 'statefulsets'),
    rule(READ, ['policy'], 'poddisruptionbudgets'),
    rule(READ, [''], 'persistentvolumeclaims persistentvolumes'),
    REVIEW_TOKENS,
    REVIEW_ACCESS,
    rule(READ, STORAGE, 'csinodes'),
    rule(READ, [''], 'namespaces'),
    rule(READ, STORAGE, 'csidrivers'),
    rule(READ, STORAGE, 'csistoragecapacities'),
    rule(READ, STORAGE, 'volumeattachments'),
    rule(READ, ['resource.k8s.io'], 'deviceclasses'),
    rule(`${READ} create delete patch update`, ['resource.k8s.io'], 'resourceclaims'),
    rule(`${READ} patch update`, ['resource.k8s.io'], 'resourceclaims/status'),
    rule('patch update', ['resource.k8s.io'], 'resourceclaims/binding'),
    rule('update', [''], 'pods/finalizers'),
    rule(READ, ['resource.k8s.io'], 'resourceslices'),
  ],
  'system:volume-scheduler': [
    rule('get list patch update watch', [''], 'persistentvolumes'),
    rule(READ, STORAGE, 'storageclasses'),
    rule('get list patch update watch', [''], 'persistentvolumeclaims'),
  ],
  'system:persistent-volume-provisioner': [
    rule('create delete get list watch', [''], 'persistentvolumes'),
    rule('get list update watch', [''], 'persistentvolumeclaims'),
    rule(READ, STORAGE, 'storageclasses'),
    rule('watch', [''], 'events'),
    EVENTS,
  ],
  'system:kube-dns': [rule('list watch', [''], 'endpoints services')],
  'system:service-account-issuer-discovery': [
    paths(
      'get',
      '/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/',
    ),
  ],
  'system:certificates.k8s.io:certificatesigningrequests:nodeclient': [
    rule('create', CERTIFICATES, 'certificatesigningrequests/nodeclient'),
  ],
  'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient': [
    rule('create', CERTIFICATES, 'certificatesigningrequests/selfnodeclient'),
  ],
  'system:certificates.k8s.io:kube-apiserver-client-approver': signers('approve', 'kube-apiserver-client'),
  'system:certificates.k8s.io:kube-apiserver-client-kubelet-approver': signers(
    'approve',
    'kube-apiserver-client-kubelet',
  ),
  'system:certificates.k8s.io:kubelet-serving-approver': signers('approve', 'kubelet-serving'),
  'system:certificates.k8s.io:legacy-unknown-approver': signers('approve', 'legacy-unknown'),
  ...CONTROLLER_RULES,
  // What kubeadm installs beside CoreDNS.
  'system:coredns': [
    rule('list watch', [''], 'endpoints namespaces pods services'),
    rule('list watch', ['discovery.k8s.io'], 'endpointslices'),
  ],
}
