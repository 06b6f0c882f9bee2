// Nobody gives away rights that they do not have. Upstream keeps this check in front of the registry rather than among
// its plug-ins; what is refused, and with which words, is the same.
// Upstream: kubernetes/pkg/registry/rbac/{role,clusterrole,rolebinding,clusterrolebinding}/policybased.

import type { ClusterRole, RoleBinding } from 'kubernetes-types/rbac/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { forbidden, notFound } from '../../apimachinery/status-error.ts'
import { type Attributes, authorizeBy } from '../authorization/authorizer.ts'
import type { Authorization } from '../authorization/index.ts'
import { escalationProblem } from '../authorization/rbac/escalation.ts'
import { SUPERUSERS } from '../authorization/superusers.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'

const GROUP = 'rbac.authorization.k8s.io'
const KINDS = new Set(['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'])
const EVERYTHING = [
  { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
  { nonResourceURLs: ['*'], verbs: ['*'] },
]

export function rbacEscalation({ chain, policy }: Authorization): AdmissionPlugin {
  return {
    name: 'RBACEscalation',
    handles: ({ operation, kind }) => kind.group === GROUP && KINDS.has(kind.kind) && operation !== 'DELETE',
    async validate(request, reader) {
      const { user, object, previous } = request
      if (!object || user.groups.includes(SUPERUSERS) || isOnlyForDeletion(object, previous)) return
      // What was bound a moment ago counts.
      await reader.caughtUp()
      if (request.kind.kind.endsWith('Binding')) await assertMayBind(request, object as RoleBinding)
      else await assertMayWrite(request, object as ClusterRole, previous as ClusterRole | undefined)
    },
  }

  async function assertMayWrite(
    request: AdmissionRequest,
    role: ClusterRole,
    previous: ClusterRole | undefined,
  ): Promise<void> {
    const { kind, user, namespace, name } = request
    if (await isAllowed(request, { verb: 'escalate', resource: kind.plural, name })) return
    const of = { group: GROUP, resource: kind.plural }
    const problem = escalationProblem(policy, { user, namespace, rules: role.rules ?? [] })
    if (problem) throw forbidden(of, role.metadata?.name ?? '', problem)
    const gathers = [role, previous].some((one) => one?.aggregationRule?.clusterRoleSelectors?.length)
    if (gathers && escalationProblem(policy, { user, namespace, rules: EVERYTHING })) {
      throw forbidden(of, role.metadata?.name ?? '', 'must have cluster-admin privileges to use the aggregationRule')
    }
  }

  async function assertMayBind(request: AdmissionRequest, { roleRef, metadata }: RoleBinding): Promise<void> {
    const { kind, user, namespace } = request
    const resource = roleRef.kind === 'Role' ? 'roles' : 'clusterroles'
    if (await isAllowed(request, { verb: 'bind', resource, name: roleRef.name })) return
    const role = { kind: roleRef.kind, name: roleRef.name, namespace: roleRef.kind === 'Role' ? namespace : '' }
    const rules = policy.rulesOf(role)
    if (!rules) throw notFound({ group: GROUP, resource }, roleRef.name)
    const problem = escalationProblem(policy, { user, namespace, rules })
    if (problem) throw forbidden({ group: GROUP, resource: kind.plural }, metadata?.name ?? '', problem)
  }

  async function isAllowed(
    { user, namespace }: AdmissionRequest,
    about: Pick<Attributes, 'verb' | 'resource' | 'name'>,
  ) {
    const attributes = { isResource: true, path: '', group: GROUP, subresource: '', namespace, ...about }
    return (await authorizeBy(chain, user, attributes)).decision === 'allow'
  }
}

/** The garbage collector takes away finalizers and owners, and no right with them. */
function isOnlyForDeletion(object: KubeObject, previous: KubeObject | undefined): boolean {
  if (!previous) return false
  const without = ({ metadata, ...rest }: KubeObject) => {
    const { finalizers: _finalizers, ownerReferences: _owners, ...meta } = metadata ?? {}
    return { ...rest, metadata: meta }
  }
  return deepEqual(without(object), without(previous))
}
