// All roles and bindings of a cluster, kept so that a question is answered from the asker's own bindings alone:
//
//   user or group ─► the bindings that name it (everywhere; or in one namespace) ─► their role ─► its rules
//
// The API server feeds it from its watch cache; anyone else may fill one from lists. It holds no copy of any rule.

import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, Subject } from 'kubernetes-types/rbac/v1'
import type { Grant } from '../../../../base/trace.ts'
import type { KubeObject } from '../../../apimachinery/object-meta.ts'
import type { UserInfo } from '../../request-path/request-context.ts'

export type PolicyObject = Role | ClusterRole | RoleBinding | ClusterRoleBinding
export const POLICY_KINDS = ['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'] as const
export type PolicyKind = (typeof POLICY_KINDS)[number]

/** A subject of a binding. The reason is made once: the same few bindings let most requests through. */
export interface Bound extends Grant {
  readonly reason: string
}

/** By subject. Cluster-wide bindings stand under the empty namespace. */
type BySubject = Map<string, Bound[]>

export class RbacPolicy {
  readonly #roles = new Map<string, readonly PolicyRule[]>()
  readonly #bindings = new Map<string, readonly Bound[]>()
  readonly #index = new Map<string, BySubject>()

  /** Takes the object in, in place of any of its kind and name. */
  put(kind: PolicyKind, object: KubeObject): void {
    const { namespace = '', name = '' } = object.metadata ?? {}
    if (kind === 'Role' || kind === 'ClusterRole') {
      this.#roles.set(keyOf(kind, namespace, name), (object as Role).rules ?? [])
      return
    }
    this.remove(kind, object)
    const { roleRef, subjects } = object as RoleBinding
    const role = { kind: roleRef.kind, name: roleRef.name, namespace: roleRef.kind === 'Role' ? namespace : '' }
    const binding = { kind, name, namespace }
    const bounds = (subjects ?? []).map((subject): Bound => {
      const grant = { subject: subjectOf(subject, namespace), binding, role }
      return { ...grant, reason: reasonOf(grant) }
    })
    this.#bindings.set(keyOf(kind, namespace, name), bounds)
    const bySubject = this.#index.get(namespace) ?? new Map<string, Bound[]>()
    this.#index.set(namespace, bySubject)
    for (const bound of bounds) {
      const key = subjectKey(bound.subject)
      const known = bySubject.get(key)
      if (known) known.push(bound)
      else bySubject.set(key, [bound])
    }
  }

  remove(kind: PolicyKind, { metadata }: KubeObject): void {
    const { namespace = '', name = '' } = metadata ?? {}
    const key = keyOf(kind, namespace, name)
    this.#roles.delete(key)
    const bySubject = this.#index.get(namespace)
    for (const bound of this.#bindings.get(key) ?? []) {
      const subject = subjectKey(bound.subject)
      const left = bySubject?.get(subject)?.filter((other) => other !== bound) ?? []
      if (left.length > 0) bySubject?.set(subject, left)
      else bySubject?.delete(subject)
    }
    this.#bindings.delete(key)
    if (bySubject?.size === 0) this.#index.delete(namespace)
  }

  /** Forgets everything of a kind. */
  clear(kind: PolicyKind): void {
    for (const key of [...this.#roles.keys(), ...this.#bindings.keys()]) {
      if (!key.startsWith(`${kind}/`)) continue
      const [, namespace = '', ...name] = key.split('/')
      this.remove(kind, { metadata: { namespace, name: name.join('/') } })
    }
  }

  /** Undefined when there is no such role: a binding may name one that is yet to come. */
  rulesOf({ kind, namespace, name }: Grant['role']): readonly PolicyRule[] | undefined {
    return this.#roles.get(keyOf(kind, namespace, name))
  }

  get bindings(): Iterable<readonly Bound[]> {
    return this.#bindings.values()
  }

  get namespaces(): Iterable<string> {
    return this.#index.keys()
  }

  /** What reaches a user everywhere (namespace ''), or by the bindings inside one namespace. */
  boundIn(namespace: string, user: Pick<UserInfo, 'name' | 'groups'>): Bound[] {
    const bySubject = this.#index.get(namespace)
    if (!bySubject) return []
    const found = [...(bySubject.get(userKey(user.name)) ?? [])]
    for (const group of user.groups) {
      const bounds = bySubject.get(groupKey(group))
      if (bounds) found.push(...bounds)
    }
    return found
  }

  /** What counts for a request there: what reaches the user everywhere, then inside the namespace. */
  boundAt(namespace: string, user: Pick<UserInfo, 'name' | 'groups'>): Bound[] {
    const everywhere = this.boundIn('', user)
    return namespace ? [...everywhere, ...this.boundIn(namespace, user)] : everywhere
  }
}

export function policyOf(objects: Iterable<PolicyObject>): RbacPolicy {
  const policy = new RbacPolicy()
  for (const object of objects) {
    const kind = POLICY_KINDS.find((known) => known === object.kind)
    if (kind) policy.put(kind, object)
  }
  return policy
}

const keyOf = (kind: string, namespace: string, name: string) => `${kind}/${namespace}/${name}`
const userKey = (name: string) => `User/${name}`
const groupKey = (name: string) => `Group/${name}`

/** A service account is a user with a long name. */
function subjectKey({ kind, namespace, name }: Grant['subject']): string {
  if (kind === 'ServiceAccount') return userKey(`system:serviceaccount:${namespace}:${name}`)
  return kind === 'Group' ? groupKey(name) : userKey(name)
}

/** In a RoleBinding a service account without a namespace is one of the same namespace. */
function subjectOf({ kind, name, namespace }: Subject, bindingNamespace: string): Grant['subject'] {
  return { kind, name, namespace: kind === 'ServiceAccount' ? namespace || bindingNamespace : '' }
}

/** Upstream's words, which name namespaced things backwards. Upstream: pkg/registry/rbac/validation/rule.go. */
function reasonOf({ subject, binding, role }: Grant): string {
  const backwards = (name: string, namespace: string) => JSON.stringify(namespace ? `${name}/${namespace}` : name)
  return (
    `RBAC: allowed by ${binding.kind} ${backwards(binding.name, binding.namespace)} of ${role.kind} ` +
    `${JSON.stringify(role.name)} to ${subject.kind} ${backwards(subject.name, subject.namespace)}`
  )
}
