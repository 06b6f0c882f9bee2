// What whoever has a bootstrap token may do: ask for the certificate of a node, which a loop then grants.
// Upstream: kubernetes/cmd/kubeadm/app/phases/bootstraptoken/node.

import type { ClusterRoleBinding } from 'kubernetes-types/rbac/v1'
import { isAlreadyExists } from '../apimachinery/status-error.ts'
import type { Client } from '../client/client.ts'
import { ClusterRoleBinding as ClusterRoleBindingKind } from '../kinds/index.ts'

/** Of tokens that are for nodes. */
export const NODE_BOOTSTRAPPERS = 'system:bootstrappers:kubeadm:default-node-token'

const RBAC = 'rbac.authorization.k8s.io'
const REQUESTS = 'system:certificates.k8s.io:certificatesigningrequests'

const binding = (name: string, role: string, group: string): ClusterRoleBinding => ({
  metadata: { name },
  roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
  subjects: [{ kind: 'Group', apiGroup: RBAC, name: group }],
})

const BINDINGS = [
  binding('kubeadm:kubelet-bootstrap', 'system:node-bootstrapper', NODE_BOOTSTRAPPERS),
  binding('kubeadm:node-autoapprove-bootstrap', `${REQUESTS}:nodeclient`, NODE_BOOTSTRAPPERS),
  binding('kubeadm:node-autoapprove-certificate-rotation', `${REQUESTS}:selfnodeclient`, 'system:nodes'),
]

export async function grantJoining(client: Client): Promise<void> {
  await Promise.all(
    BINDINGS.map((one) =>
      client
        .of(ClusterRoleBindingKind)
        .create(one)
        .catch((err: unknown) => {
          if (!isAlreadyExists(err)) throw err
        }),
    ),
  )
}
