// What a kubelet may do: read what the pods on its node name, and write about itself and them. What it writes is
// narrowed further by the admission plug-in NodeRestriction, which sees the object.
// Upstream: kubernetes/plugin/pkg/auth/authorizer/node/node_authorizer.go.

import { parseFieldSelector } from '../../apimachinery/field-selector.ts'
import type { UserInfo } from '../request-path/request-context.ts'
import { ALLOWED, type Attributes, NO_OPINION, noOpinion, type ReadyAuthorizer, type Verdict } from './authorizer.ts'
import { NODE_RULES } from './default-policy/cluster-roles.ts'
import type { NodeGraph, RelatedKind } from './node-graph.ts'
import { ruleAllows } from './rbac/rule-match.ts'

const PREFIX = 'system:node:'
const NODE_LEASES = 'kube-node-lease'

/** Undefined for whoever is no node. */
export function nodeNameOf({ name, groups }: UserInfo): string | undefined {
  return groups.includes('system:nodes') && name.startsWith(PREFIX) ? name.slice(PREFIX.length) : undefined
}

export function nodeAuthorizer(graph: NodeGraph): ReadyAuthorizer {
  return {
    name: 'Node',
    authorize: (user, attributes) => {
      const node = nodeNameOf(user)
      if (node === undefined) return NO_OPINION
      if (node === '') return noOpinion(`unknown node for user ${JSON.stringify(user.name)}`)
      return (attributes.isResource && authorizeObject(graph, node, attributes)) || byRules(attributes)
    },
    rulesFor: (user) =>
      nodeNameOf(user) === undefined
        ? { rules: [] }
        : { rules: [], incomplete: true, problem: 'node authorizer does not support user rule resolution' },
  }
}

const byRules = (attributes: Attributes): Verdict =>
  NODE_RULES.some((rule) => ruleAllows(rule, attributes)) ? ALLOWED : NO_OPINION

/** Undefined where all nodes are alike, and the rules decide. */
function authorizeObject(graph: NodeGraph, node: string, attributes: Attributes): Verdict | undefined {
  const { group, resource, subresource, verb } = attributes
  switch (group ? `${resource}.${group}` : resource) {
    case 'secrets':
    case 'configmaps':
      if (!isRead(verb)) return noOpinion('can only read resources of this type')
      if (subresource) return noOpinion('cannot read subresource')
      if (!attributes.namespace) return noOpinion('can only read namespaced object of this type')
      return related(graph, node, attributes)
    case 'persistentvolumeclaims':
      if (subresource !== 'status') return authorizeGet(graph, node, attributes)
      if (!isWrite(verb)) return noOpinion('can only get/update/patch this type')
      return related(graph, node, attributes)
    case 'persistentvolumes':
    case 'resourceclaims.resource.k8s.io':
    case 'volumeattachments.storage.k8s.io':
      return authorizeGet(graph, node, attributes)
    case 'resourceslices.resource.k8s.io':
      return authorizeSlice(graph, node, attributes)
    case 'serviceaccounts':
      // Whose it is, plug-ins that know credentials for registries are told.
      if (verb === 'get' && !subresource) return related(graph, node, attributes)
      if (verb !== 'create' || !attributes.name) {
        return noOpinion('can only create tokens for individual service accounts')
      }
      if (subresource !== 'token') return noOpinion('can only create token subresource of serviceaccount')
      return related(graph, node, attributes)
    case 'leases.coordination.k8s.io':
      return authorizeLease(node, attributes)
    case 'csinodes.storage.k8s.io':
      return authorizeCsiNode(node, attributes)
    case 'nodes':
      return authorizeNode(node, attributes)
    case 'pods':
      return authorizePod(graph, node, attributes)
    default:
      return undefined
  }
}

const isRead = (verb: string) => verb === 'get' || verb === 'list' || verb === 'watch'
const isWrite = (verb: string) => verb === 'update' || verb === 'patch'
/** Of what a node has one, by its own name. */
const isKept = (verb: string) => verb === 'get' || verb === 'create' || verb === 'delete' || isWrite(verb)

function authorizeGet(graph: NodeGraph, node: string, attributes: Attributes): Verdict {
  if (attributes.verb !== 'get') return noOpinion('can only get individual resources of this type')
  if (attributes.subresource) return noOpinion('cannot get subresource')
  return related(graph, node, attributes)
}

function related(graph: NodeGraph, node: string, { resource, namespace, name }: Attributes): Verdict {
  if (!name) return noOpinion('No Object name found')
  return graph.has(node, resource as RelatedKind, namespace, name)
    ? ALLOWED
    : noOpinion(`no relationship found between node '${node}' and this object`)
}

function authorizeLease(node: string, { verb, namespace, name }: Attributes): Verdict {
  if (!isKept(verb)) return noOpinion('can only get, create, update, patch, or delete a node lease')
  if (namespace !== NODE_LEASES) {
    return noOpinion(`can only access leases in the "${NODE_LEASES}" system namespace`)
  }
  if (verb !== 'create' && name !== node) {
    return noOpinion('can only access node lease with the same name as the requesting node')
  }
  return ALLOWED
}

function authorizeCsiNode(node: string, { verb, subresource, name }: Attributes): Verdict {
  if (!isKept(verb)) return noOpinion('can only get, create, update, patch, or delete a CSINode')
  if (subresource) return noOpinion('cannot authorize CSINode subresources')
  if (verb !== 'create' && name !== node) {
    return noOpinion('can only access CSINode with the same name as the requesting node')
  }
  return ALLOWED
}

function authorizeSlice(graph: NodeGraph, node: string, attributes: Attributes): Verdict {
  const { verb, subresource, fieldSelector = '' } = attributes
  if (subresource) return noOpinion('cannot authorize ResourceSlice subresources')
  // Whose it is to be, NodeRestriction sees.
  if (verb === 'create') return ALLOWED
  if (isKept(verb)) return related(graph, node, attributes)
  return selects(fieldSelector, 'nodeName', node)
    ? ALLOWED
    : noOpinion('can only list/watch/deletecollection resourceslices with nodeName field selector')
}

function authorizeNode(node: string, { verb, subresource, name }: Attributes): Verdict {
  if (subresource === 'status') return isWrite(verb) ? ALLOWED : NO_OPINION
  if (subresource !== '') return NO_OPINION
  if (verb === 'create' || isWrite(verb)) return ALLOWED
  if (!isRead(verb)) return NO_OPINION
  if (!name) return noOpinion(`node '${node}' cannot read all nodes, only its own Node object`)
  return name === node ? ALLOWED : noOpinion(`node '${node}' cannot read '${name}', only its own Node object`)
}

function authorizePod(graph: NodeGraph, node: string, attributes: Attributes): Verdict {
  const { verb, subresource, name, fieldSelector = '' } = attributes
  if (subresource === 'status') return isWrite(verb) ? ALLOWED : NO_OPINION
  if (subresource === 'eviction') return verb === 'create' ? ALLOWED : NO_OPINION
  if (subresource !== '') return NO_OPINION
  switch (verb) {
    case 'get':
      return related(graph, node, attributes)
    case 'list':
    case 'watch':
      if (selects(fieldSelector, 'spec.nodeName', node)) return ALLOWED
      if (name) return related(graph, node, attributes)
      return noOpinion('can only list/watch pods with spec.nodeName field selector')
    case 'create':
    case 'delete':
      return ALLOWED
    default:
      return NO_OPINION
  }
}

const selects = (selector: string, wanted: string, node: string) =>
  parseFieldSelector(selector).some(({ field, equal, value }) => field === wanted && equal && value === node)
