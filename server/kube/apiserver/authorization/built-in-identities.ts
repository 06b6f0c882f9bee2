// What the identities of a cluster's own components may do. Upstream spells this out as bootstrap ClusterRoles
// (plugin/pkg/auth/authorizer/rbac/bootstrappolicy); these are the same permissions, in the places they matter.

import { type Authorizer, allow, NO_OPINION } from './authorizer.ts'

/** The group that may do everything, before anybody is asked. */
export const superusers: Authorizer = {
  name: 'system:masters',
  authorize: (user) => (user.groups.includes('system:masters') ? allow('may do everything') : NO_OPINION),
}

const PUBLIC_PATHS = ['/healthz', '/livez', '/readyz', '/version']
const DISCOVERY_PATHS = ['/api', '/apis', '/openapi']
const SELF_REVIEWS = new Set(['selfsubjectaccessreviews', 'selfsubjectrulesreviews', 'selfsubjectreviews'])

const isUnder = (path: string, roots: readonly string[]) =>
  roots.some((root) => path === root || path.startsWith(`${root}/`))

/** system:public-info-viewer, system:discovery and system:basic-user. */
export const everybody: Authorizer = {
  name: 'discovery',
  authorize: (user, info) => {
    const isKnown = user.groups.includes('system:authenticated')
    if (info.isResource) {
      const isSelfReview = info.verb === 'create' && SELF_REVIEWS.has(info.resource) && info.group.endsWith('.k8s.io')
      return isKnown && isSelfReview ? allow('about oneself') : NO_OPINION
    }
    if (info.verb !== 'get' && info.verb !== 'head') return NO_OPINION
    if (isUnder(info.path, PUBLIC_PATHS)) return allow('public')
    return isKnown && isUnder(info.path, DISCOVERY_PATHS) ? allow('reading') : NO_OPINION
  },
}

const READ = new Set(['get', 'list', 'watch'])
const WRITE = new Set(['create', 'update', 'patch', 'delete', 'deletecollection'])

/** kube-controller-manager, kube-scheduler and kube-proxy, by their user names. */
export const controlPlane: Authorizer = {
  name: 'control plane',
  authorize: (user, info) => {
    const reads = READ.has(info.verb)
    switch (user.name) {
      case 'system:kube-controller-manager':
        return allow('kube-controller-manager')
      case 'system:kube-scheduler': {
        if (!info.isResource) return NO_OPINION
        const isItsOwn =
          info.resource === 'bindings' ||
          info.resource === 'events' ||
          info.resource === 'leases' ||
          (info.resource === 'pods' && ['', 'status', 'binding'].includes(info.subresource))
        return (reads && info.resource !== 'secrets') || (isItsOwn && WRITE.has(info.verb))
          ? allow('kube-scheduler')
          : NO_OPINION
      }
      case 'system:kube-proxy': {
        const isRead = reads && ['services', 'endpoints', 'endpointslices', 'nodes'].includes(info.resource)
        return isRead || (info.resource === 'events' && WRITE.has(info.verb)) ? allow('kube-proxy') : NO_OPINION
      }
      default:
        return NO_OPINION
    }
  },
}
