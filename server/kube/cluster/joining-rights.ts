// What whoever has a bootstrap token may do: ask for the certificate of a node, which a loop then grants. And what lets a
// machine's other certificates be renewed: its components ask as who they are, and the same loop may approve that.
// Upstream: kubernetes/cmd/kubeadm/app/phases/bootstraptoken/node.

import type { ClusterRole, ClusterRoleBinding } from 'kubernetes-types/rbac/v1'
import { isAlreadyExists } from '../apimachinery/status-error.ts'
import type { Client } from '../client/client.ts'
import { ClusterRoleBinding as ClusterRoleBindingKind, ClusterRole as ClusterRoleKind } from '../kinds/index.ts'
import { NETWORK_POLICY_USER } from './network-policy-role.ts'

/** Of tokens that are for nodes. */
export const NODE_BOOTSTRAPPERS = 'system:bootstrappers:kubeadm:default-node-token'

const RBAC = 'rbac.authorization.k8s.io'
const REQUESTS = 'system:certificates.k8s.io:certificatesigningrequests'

type Subject = NonNullable<ClusterRoleBinding['subjects']>[number]

const binding = (name: string, role: string, ...subjects: Subject[]): ClusterRoleBinding => ({
  metadata: { name },
  roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
  subjects,
})
const group = (name: string): Subject => ({ kind: 'Group', apiGroup: RBAC, name })
const user = (name: string): Subject => ({ kind: 'User', apiGroup: RBAC, name })

/** Who of a machine has a certificate of its own, beside the kubelet. */
export const PARTS_OF_A_MACHINE = ['system:kube-proxy', NETWORK_POLICY_USER]

const ASKING = 'podium:certificate-renewal'
const GRANTING = 'podium:certificate-renewal-approver'
const CERTIFICATES = ['certificates.k8s.io']
const ROLES: ClusterRole[] = [
  {
    metadata: { name: ASKING },
    rules: [{ apiGroups: CERTIFICATES, resources: ['certificatesigningrequests'], verbs: ['create', 'get'] }],
  },
  {
    metadata: { name: GRANTING },
    rules: [
      {
        apiGroups: CERTIFICATES,
        resources: ['signers'],
        resourceNames: ['kubernetes.io/kube-apiserver-client', 'kubernetes.io/kubelet-serving'],
        verbs: ['approve'],
      },
    ],
  },
]

const BINDINGS = [
  binding('kubeadm:kubelet-bootstrap', 'system:node-bootstrapper', group(NODE_BOOTSTRAPPERS)),
  binding('kubeadm:node-autoapprove-bootstrap', `${REQUESTS}:nodeclient`, group(NODE_BOOTSTRAPPERS)),
  binding('kubeadm:node-autoapprove-certificate-rotation', `${REQUESTS}:selfnodeclient`, group('system:nodes')),
  binding(ASKING, ASKING, ...PARTS_OF_A_MACHINE.map(user)),
  binding(GRANTING, GRANTING, { kind: 'ServiceAccount', namespace: 'kube-system', name: 'certificate-controller' }),
]

/** What is missing comes back at the next start, what somebody has changed stays. */
export async function grantJoining(client: Client): Promise<void> {
  const there = (err: unknown) => {
    if (!isAlreadyExists(err)) throw err
  }
  await Promise.all([
    ...ROLES.map((one) => client.of(ClusterRoleKind).create(one).catch(there)),
    ...BINDINGS.map((one) => client.of(ClusterRoleBindingKind).create(one).catch(there)),
  ])
}
