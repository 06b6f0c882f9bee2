// Who keeps network policies on the machines, as add-ons of a network bring it along: it looks at policies, pods and
// namespaces, and changes nothing.

import type { ClusterRole, ClusterRoleBinding } from 'kubernetes-types/rbac/v1'
import { isAlreadyExists } from '../apimachinery/status-error.ts'
import type { Client } from '../client/client.ts'
import { ClusterRoleBinding as ClusterRoleBindingKind, ClusterRole as ClusterRoleKind } from '../kinds/index.ts'

export const NETWORK_POLICY_USER = 'podium:network-policy'

const metadata = { name: NETWORK_POLICY_USER }
const RBAC = 'rbac.authorization.k8s.io'
const verbs = ['get', 'list', 'watch']

const ROLE: ClusterRole = {
  metadata,
  rules: [
    { apiGroups: [''], resources: ['pods', 'namespaces'], verbs },
    { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs },
  ],
}
const BINDING: ClusterRoleBinding = {
  metadata,
  roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: NETWORK_POLICY_USER },
  subjects: [{ kind: 'User', apiGroup: RBAC, name: NETWORK_POLICY_USER }],
}

/** What is missing comes back at the next start, what somebody has changed stays. */
export async function bindNetworkPolicy(client: Client): Promise<void> {
  const there = (err: unknown) => {
    if (!isAlreadyExists(err)) throw err
  }
  await Promise.all([
    client.of(ClusterRoleKind).create(ROLE).catch(there),
    client.of(ClusterRoleBindingKind).create(BINDING).catch(there),
  ])
}
