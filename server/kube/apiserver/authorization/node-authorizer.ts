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
      return (attributes.isResource && authorizeObject(graph, node, attributes)) || byRules(attributes)
    },
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
      return related(graph, node, attributes)
    case 'persistentvolumeclaims':
      if (subresource === 'status' ? verb !== 'update' && verb !== 'patch' : verb !== 'get' || subresource !== '') {
        return noOpinion('can only get individual resources of this type')
      }
      return related(graph, node, attributes)
    case 'serviceaccounts':
      if (verb !== 'create' || !attributes.name) {
        return noOpinion('can only create tokens for individual service accounts')
      }
      if (subresource !== 'token') return noOpinion('can only create token subresource of serviceaccount')
      return related(graph, node, attributes)
    case 'leases.coordination.k8s.io':
      return authorizeLease(node, attributes)
    case 'nodes':
      return authorizeNode(node, attributes)
    case 'pods':
      return authorizePod(graph, node, attributes)
    default:
      return undefined
  }
}

const isRead = (verb: string) => verb === 'get' || verb === 'list' || verb === 'watch'

function related(graph: NodeGraph, node: string, { resource, namespace, name }: Attributes): Verdict {
  if (!name) return noOpinion('No Object name found')
  return graph.has(node, resource as RelatedKind, namespace, name)
    ? ALLOWED
    : noOpinion(`no relationship found between node '${node}' and this object`)
}

function authorizeLease(node: string, { verb, namespace, name }: Attributes): Verdict {
  if (!['get', 'create', 'update', 'patch', 'delete'].includes(verb)) {
    return noOpinion('can only get, create, update, patch, or delete a node lease')
  }
  if (namespace !== NODE_LEASES) {
    return noOpinion(`can only access leases in the "${NODE_LEASES}" system namespace`)
  }
  if (verb !== 'create' && name !== node) {
    return noOpinion('can only access node lease with the same name as the requesting node')
  }
  return ALLOWED
}

function authorizeNode(node: string, { verb, subresource, name }: Attributes): Verdict {
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? ALLOWED : NO_OPINION
  if (subresource !== '') return NO_OPINION
  if (verb === 'create' || verb === 'update' || verb === 'patch') return ALLOWED
  if (!isRead(verb)) return NO_OPINION
  return name === node ? ALLOWED : noOpinion(`node '${node}' cannot read '${name}', only its own Node object`)
}

function authorizePod(graph: NodeGraph, node: string, attributes: Attributes): Verdict {
  const { verb, subresource } = attributes
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? ALLOWED : NO_OPINION
  if (subresource === 'eviction') return verb === 'create' ? ALLOWED : NO_OPINION
  if (subresource !== '') return NO_OPINION
  switch (verb) {
    case 'get':
      return related(graph, node, attributes)
    case 'list':
    case 'watch':
      return selectsOwnPods(node, attributes.fieldSelector ?? '')
        ? ALLOWED
        : noOpinion('can only list/watch pods with spec.nodeName field selector')
    case 'create':
    case 'delete':
      return ALLOWED
    default:
      return NO_OPINION
  }
}

const selectsOwnPods = (node: string, selector: string) =>
  parseFieldSelector(selector).some(({ field, equal, value }) => field === 'spec.nodeName' && equal && value === node)
