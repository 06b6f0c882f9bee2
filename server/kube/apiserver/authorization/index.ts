// The chain, in order, and what it knows: kept in step with the watch cache, so that no request waits for it.

import type { AnyKind } from '../../kinds/define-kind.ts'
import { ClusterRole, ClusterRoleBinding, Pod, Role, RoleBinding } from '../../kinds/index.ts'
import type { ResourceCache } from '../watch-cache/resource-cache.ts'
import type { Authorizer } from './authorizer.ts'
import { nodeAuthorizer } from './node-authorizer.ts'
import { NodeGraph } from './node-graph.ts'
import { type PolicyKind, RbacPolicy } from './rbac/policy.ts'
import { rbacAuthorizer } from './rbac/rbac-authorizer.ts'
import { superusers } from './superusers.ts'

export interface Authorization {
  chain: readonly Authorizer[]
  policy: RbacPolicy
}

export function openAuthorization(cacheOf: (kind: AnyKind) => ResourceCache): Authorization {
  const policy = new RbacPolicy()
  for (const kind of [Role, ClusterRole, RoleBinding, ClusterRoleBinding]) {
    const name = kind.kind as PolicyKind
    cacheOf(kind).follow({
      reset: () => policy.clear(name),
      put: ({ object }) => policy.put(name, object),
      delete: ({ object }) => policy.remove(name, object),
    })
  }
  const graph = new NodeGraph()
  cacheOf(Pod).follow({
    reset: () => graph.clear(),
    put: ({ object }) => graph.put(object),
    delete: ({ object }) => graph.remove(object),
  })
  return { chain: [superusers, nodeAuthorizer(graph), rbacAuthorizer(policy)], policy }
}
