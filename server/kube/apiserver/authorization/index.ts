// The chain, in order, and what it knows: kept in step with the watch cache, so that no request waits for it.

import type { Clock } from '../../../base/clock.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import {
  ClusterRole,
  ClusterRoleBinding,
  PersistentVolume,
  Pod,
  ResourceSlice,
  Role,
  RoleBinding,
  VolumeAttachment,
} from '../../kinds/index.ts'
import type { ResourceCache } from '../watch-cache/resource-cache.ts'
import { abacAuthorizer } from './abac.ts'
import { alwaysAllow, alwaysDeny } from './always.ts'
import type { Authorizer } from './authorizer.ts'
import { nodeAuthorizer } from './node-authorizer.ts'
import { type GraphKind, NodeGraph } from './node-graph.ts'
import { type PolicyKind, RbacPolicy } from './rbac/policy.ts'
import { rbacAuthorizer } from './rbac/rbac-authorizer.ts'
import type { AuthorizationSettings, AuthorizerSettings } from './settings.ts'
import { superusers } from './superusers.ts'
import { webhookAuthorizer } from './webhook-authorizer.ts'

export { authorizationFile, readAuthorizationFlags } from './flags.ts'
export { type AuthorizationSettings, NODE_AND_RBAC } from './settings.ts'

export interface Authorization {
  /** As it is now: a configuration may be read again. */
  readonly chain: readonly Authorizer[]
  readonly policy: RbacPolicy
}

export function openAuthorization(
  cacheOf: (kind: AnyKind) => ResourceCache,
  settings: AuthorizationSettings,
  clock: Clock,
): Authorization & { replace(settings: AuthorizationSettings): void } {
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
  for (const kind of [Pod, PersistentVolume, VolumeAttachment, ResourceSlice]) {
    const name = kind.kind as GraphKind
    cacheOf(kind).follow({
      reset: () => graph.clear(name),
      put: ({ object }) => graph.put(name, object),
      delete: ({ object }) => graph.remove(name, object),
    })
  }
  const authorizerOf = (told: AuthorizerSettings): Authorizer => {
    switch (told.type) {
      case 'Node':
        return nodeAuthorizer(graph)
      case 'RBAC':
        return rbacAuthorizer(policy)
      case 'ABAC':
        return abacAuthorizer(told.policies)
      case 'Webhook':
        return webhookAuthorizer(told.webhook, clock)
      case 'AlwaysAllow':
        return alwaysAllow
      case 'AlwaysDeny':
        return alwaysDeny
    }
  }
  const chainOf = (told: AuthorizationSettings) => [superusers, ...told.map(authorizerOf)]
  let chain = chainOf(settings)
  return {
    get chain() {
      return chain
    },
    policy,
    replace(next) {
      assertSameTypes(settings, next)
      chain = chainOf(next)
    },
  }
}

/** As upstream: webhooks come and go, of all others only the order may change. */
function assertSameTypes(before: AuthorizationSettings, next: AuthorizationSettings): void {
  const typesOf = (settings: AuthorizationSettings) =>
    settings.flatMap(({ type }) => (type === 'Webhook' ? [] : type)).sort()
  const [had, has] = [typesOf(before).join(', '), typesOf(next).join(', ')]
  if (had !== has) {
    throw new Error(`only webhooks may be added or removed while the server runs: it has [${had}], not [${has}]`)
  }
}
