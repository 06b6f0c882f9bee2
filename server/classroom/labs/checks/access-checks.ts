// Checks about rights. Whether somebody may do something is asked of the API server itself (`cluster.access`); the
// objects are only read to say why, in the order in which they decide: who, binding, role, rule.

import type { PolicyRule, RoleRef, Subject } from 'kubernetes-types/rbac/v1'
import { type Check, failed, listed, ok, type Verdict, waiting } from '../check.ts'
import { type AccessQuestion, accessText, type ClusterView, LAB_NAMESPACE, named } from '../cluster-view.ts'

export function serviceAccountExists(name: string): Check {
  return {
    id: `${name}-exists`,
    aim: `There is a ServiceAccount \`${name}\``,
    judge(cluster) {
      const wanted = `ServiceAccount ${name}`
      if (named(cluster.serviceAccounts, name)) return ok({ saw: wanted, wanted })
      return waiting(missingAccount(cluster, name), { saw: 'no such ServiceAccount', wanted })
    },
  }
}

function missingAccount(cluster: ClusterView, name: string): string {
  const elsewhere = cluster.serviceAccounts.find(({ metadata }) => metadata?.name === name)
  return elsewhere
    ? `ServiceAccount \`${name}\` is in namespace \`${elsewhere.metadata?.namespace}\`, and so is another one than that of \`${LAB_NAMESPACE}\`.`
    : `There is no ServiceAccount \`${name}\` yet.`
}

/** All of these are allowed. */
export function mayDo(as: string, things: readonly Omit<AccessQuestion, 'as'>[]): Check {
  const asks = things.map((thing) => ({ as, ...thing }))
  return {
    id: `${as}-may`,
    aim: `\`${as}\` may ${asks.map(thingText).join(', ')}`,
    asks,
    judge(cluster) {
      const known = asks.map((ask) => cluster.access[accessText(ask)])
      const allowed = known.filter(Boolean).length
      const seen = { saw: `${allowed} of ${asks.length} allowed`, wanted: 'all allowed', credit: allowed / asks.length }
      if (known.includes(undefined)) return asking(seen)
      const denied = asks.find((_, index) => !known[index])
      if (!denied) return ok(seen)
      const why = whyNot(cluster, denied)
      return (why.isMistake ? failed : waiting)(why.message, seen)
    },
  }
}

/** None of these is allowed: a role must not give more than it is for. */
export function mayNot(as: string, things: readonly Omit<AccessQuestion, 'as'>[]): Check {
  const asks = things.map((thing) => ({ as, ...thing }))
  return {
    id: `${as}-may-not`,
    aim: `\`${as}\` may not ${asks.map(thingText).join(', nor ')}`,
    asks,
    judge(cluster) {
      const known = asks.map((ask) => cluster.access[accessText(ask)])
      const denied = known.filter((each) => each === false).length
      const seen = { saw: `${denied} of ${asks.length} denied`, wanted: 'all denied', credit: denied / asks.length }
      if (!named(cluster.serviceAccounts, as)) return waiting(missingAccount(cluster, as), { ...seen, credit: 0 })
      if (known.includes(undefined)) return asking(seen)
      const allowed = asks.find((_, index) => known[index])
      if (!allowed) return ok(seen)
      const [grant] = grantsOf(cluster, as, allowed.namespace).filter(({ rules }) =>
        rules?.some((rule) => fits(rule, allowed)),
      )
      const by = grant ? `: ${grant.role} allows it, bound by ${grant.binding}` : ''
      return failed(`\`${as}\` may ${thingText(allowed)}${by}.`, seen)
    },
  }
}

const asking = (seen: { saw: string; wanted: string; credit: number }): Verdict =>
  waiting('Asking the API server.', seen)

const thingText = ({ verb, resource, namespace }: Omit<AccessQuestion, 'as'>) =>
  `${verb} ${resource}${namespace ? ` in \`${namespace}\`` : ''}`

interface Grant {
  /** As a learner would call it: RoleBinding `x`. */
  binding: string
  role: string
  /** Undefined where there is no such role. */
  rules: readonly PolicyRule[] | undefined
}

/** What is bound to a ServiceAccount of the labs' namespace, for that one or another, or everywhere. */
function grantsOf(cluster: ClusterView, as: string, inNamespace = LAB_NAMESPACE): Grant[] {
  const here = cluster.roleBindings
    .filter(({ metadata }) => metadata?.namespace === inNamespace)
    .map((each) => ({ ...each, kind: 'RoleBinding' }))
  const everywhere = cluster.clusterRoleBindings.map((each) => ({ ...each, kind: 'ClusterRoleBinding' }))
  return [...here, ...everywhere]
    .filter(({ subjects }) => subjects?.some((subject) => isAccount(subject, as)))
    .map(({ kind, metadata, roleRef }) => ({
      binding: `${kind} \`${metadata?.name}\``,
      role: `${roleRef.kind} \`${roleRef.name}\``,
      rules: rulesOf(cluster, roleRef),
    }))
}

const isAccount = (subject: Subject, as: string) =>
  subject.kind === 'ServiceAccount' && subject.name === as && (subject.namespace ?? LAB_NAMESPACE) === LAB_NAMESPACE

function rulesOf(cluster: ClusterView, { kind, name }: RoleRef): readonly PolicyRule[] | undefined {
  const role =
    kind === 'Role' ? named(cluster.roles, name) : cluster.clusterRoles.find(({ metadata }) => metadata?.name === name)
  return role && (role.rules ?? [])
}

function fits(rule: PolicyRule, { verb, resource }: Pick<AccessQuestion, 'verb' | 'resource'>): boolean {
  const [plural = '', ...group] = resource.split('.')
  const has = (list: readonly string[] | undefined, value: string) => list?.includes(value) || list?.includes('*')
  return Boolean(has(rule.verbs, verb) && has(rule.resources, plural) && has(rule.apiGroups, group.join('.')))
}

/** The first of who, binding, role, rule that is missing. What is only not there yet is no mistake. */
function whyNot(cluster: ClusterView, question: AccessQuestion): { message: string; isMistake: boolean } {
  const { as } = question
  if (!named(cluster.serviceAccounts, as)) return { message: missingAccount(cluster, as), isMistake: false }
  const grants = grantsOf(cluster, as)
  if (grants.length === 0) return noBinding(cluster, as)
  const lost = grants.find(({ rules }) => rules === undefined)
  if (lost) return { message: `${lost.binding} names ${lost.role}, and there is none of that name.`, isMistake: true }
  const near = grants.find(({ rules }) => rules?.some((rule) => fitsBut(rule, question)))
  const { binding, role, rules } = near ?? (grants[0] as Grant)
  const [rule] = rules?.filter((each) => fitsBut(each, question)) ?? []
  const [plural, ...group] = question.resource.split('.')
  const message = rule
    ? `${role} allows ${listed(rule.verbs)} on ${plural}; nothing allows \`${question.verb}\`.`
    : `${role}, bound by ${binding}, has no rule for \`${plural}\` in API group \`${group.join('.') || '""'}\`.`
  return { message, isMistake: true }
}

const fitsBut = (rule: PolicyRule, { resource }: AccessQuestion) =>
  fits({ ...rule, verbs: ['*'] }, { verb: '*', resource })

function noBinding(cluster: ClusterView, as: string): { message: string; isMistake: boolean } {
  for (const { metadata, subjects = [] } of cluster.roleBindings) {
    const subject = subjects.find(({ name }) => name === as || name.endsWith(`:${as}`))
    if (!subject) continue
    const binding = `RoleBinding \`${metadata?.name}\``
    if (metadata?.namespace !== LAB_NAMESPACE) {
      return {
        message: `${binding} is in namespace \`${metadata?.namespace}\`, and binds there only.`,
        isMistake: true,
      }
    }
    if (subject.kind !== 'ServiceAccount') {
      return {
        message: `${binding} binds a ${subject.kind} called \`${subject.name}\`, not the ServiceAccount \`${as}\`.`,
        isMistake: true,
      }
    }
    return {
      message: `${binding} binds the ServiceAccount \`${as}\` of namespace \`${subject.namespace}\`; this one lives in \`${LAB_NAMESPACE}\`.`,
      isMistake: true,
    }
  }
  return { message: `No binding names ServiceAccount \`${as}\` yet, so it may do nothing here.`, isMistake: false }
}

/** Nothing that is bound to it uses `*`, which allows what nobody has thought of yet. */
export function noWildcards(as: string): Check {
  return {
    id: `${as}-no-wildcard`,
    aim: `No rule that reaches \`${as}\` uses \`*\``,
    judge(cluster) {
      const wanted = 'no rule with *'
      const grants = grantsOf(cluster, as)
      if (grants.length === 0) return waiting(whyNone(as), { saw: 'no binding', wanted })
      const wild = grants.find(({ rules }) =>
        rules?.some(({ verbs, resources = [], apiGroups = [] }) =>
          [...verbs, ...resources, ...apiGroups].includes('*'),
        ),
      )
      if (!wild) return ok({ saw: 'none', wanted })
      return failed(`${wild.role} has a rule with \`*\`, and ${wild.binding} gives it to \`${as}\`.`, {
        saw: `* in ${wild.role}`.replaceAll('`', ''),
        wanted,
      })
    },
  }
}

const whyNone = (as: string) => `Nothing is bound to \`${as}\` yet.`

/** The Pod speaks to the API server as this account. */
export function podActsAs(pod: string, as: string): Check {
  return {
    id: `${pod}-acts-as`,
    aim: `Pod \`${pod}\` acts as ServiceAccount \`${as}\``,
    judge(cluster) {
      const wanted = `serviceAccountName ${as}`
      const found = named(cluster.pods, pod)
      if (!found) return waiting(`There is no Pod \`${pod}\` yet.`, { saw: 'no such Pod', wanted })
      const account = found.spec?.serviceAccountName ?? 'default'
      const saw = `serviceAccountName ${account}`
      if (account === as) return ok({ saw, wanted })
      return failed(
        `Pod \`${pod}\` acts as ServiceAccount \`${account}\`. That is settled for life: delete it, and make it again with \`serviceAccountName: ${as}\`.`,
        { saw, wanted },
      )
    },
  }
}
