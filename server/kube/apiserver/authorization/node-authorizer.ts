// What a kubelet may do: read what pods need, write about itself and its own pods.
// Upstream's node authorizer also follows which pod of which node refers to which Secret; here every node reads them
// all until that graph exists. Upstream: kubernetes/plugin/pkg/auth/authorizer/node.

import { type Authorizer, allow, NO_OPINION, type Verdict } from './authorizer.ts'

const PREFIX = 'system:node:'
const READABLE = new Set([
  'pods',
  'nodes',
  'services',
  'endpoints',
  'endpointslices',
  'configmaps',
  'secrets',
  'serviceaccounts',
  'namespaces',
  'leases',
  'runtimeclasses',
  'csidrivers',
  'csinodes',
  'persistentvolumes',
  'persistentvolumeclaims',
  'volumeattachments',
])

/** `nodeOfPod` tells where a pod runs; undefined when there is no such pod. */
export function nodeAuthorizer(nodeOfPod: (namespace: string, name: string) => string | undefined): Authorizer {
  return {
    name: 'Node',
    authorize: (user, info) => {
      if (!user.groups.includes('system:nodes') || !user.name.startsWith(PREFIX)) return NO_OPINION
      if (!info.isResource) return NO_OPINION
      const node = user.name.slice(PREFIX.length)
      if (READABLE.has(info.resource) && info.subresource === '' && ['get', 'list', 'watch'].includes(info.verb)) {
        return allow('reading')
      }
      return writes(node, info)
    },
  }

  function writes(node: string, info: Parameters<Authorizer['authorize']>[1]): Verdict {
    switch (info.resource) {
      case 'nodes':
        if (info.verb === 'create') return allow('registering')
        return info.name === node && ['update', 'patch', 'get'].includes(info.verb) ? allow('own node') : NO_OPINION
      case 'leases':
        if (info.namespace !== 'kube-node-lease') return NO_OPINION
        return info.verb === 'create' || info.name === node ? allow('own lease') : NO_OPINION
      case 'events':
        return ['create', 'update', 'patch'].includes(info.verb) ? allow('events') : NO_OPINION
      case 'serviceaccounts':
        return info.subresource === 'token' && info.verb === 'create' ? allow('tokens for pods') : NO_OPINION
      case 'tokenreviews':
      case 'subjectaccessreviews':
        return info.verb === 'create' ? allow('for its own API') : NO_OPINION
      case 'pods': {
        if (info.verb === 'create' && info.subresource === '') return allow('mirror pods')
        const runsOn = nodeOfPod(info.namespace, info.name)
        return runsOn === node || runsOn === undefined ? allow('own pod') : NO_OPINION
      }
      default:
        return NO_OPINION
    }
  }
}
