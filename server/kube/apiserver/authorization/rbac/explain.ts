// The whole policy, asked the other way round: why may somebody do this, or what is missing; what reaches somebody at
// all; and who may do it. Pure functions over a policy, for reviews, traces and pictures. Nodes have an authorizer of
// their own and system:masters needs none, so a no here is RBAC's no, not yet the server's.

import type { PolicyRule } from 'kubernetes-types/rbac/v1'
import type { Grant, GrantedRule, NearMiss } from '../../../../base/trace.ts'
import type { UserInfo } from '../../request-path/request-context.ts'
import type { Attributes } from '../authorizer.ts'
import type { RbacPolicy } from './policy.ts'
import { fitOf, ruleAllows } from './rule-match.ts'

type Asker = Pick<UserInfo, 'name' | 'groups'>

export interface Explanation {
  allowed: boolean
  /** The first rule that says yes. */
  by?: GrantedRule
  /** When nothing does: the nearest rules of this user, nearest first, at most `NEAREST`. */
  nearest: NearMiss[]
  /** How much was looked at: what counts for this request. */
  looked: { bindings: number; rules: number }
}

export interface Reach extends Grant {
  /** Undefined when the binding names a role that is not there. */
  rules: readonly PolicyRule[] | undefined
}

export interface Holder {
  subject: Grant['subject']
  /** Each way in which it comes to them. */
  by: GrantedRule[]
}

const NEAREST = 3

export function explain(policy: RbacPolicy, user: Asker, attributes: Attributes): Explanation {
  const bounds = policy.boundAt(attributes.namespace, user)
  const looked = { bindings: new Set(bounds.map(({ binding }) => binding)).size, rules: 0 }
  for (const { reason: _reason, ...grant } of bounds) {
    const rules = policy.rulesOf(grant.role) ?? []
    looked.rules += rules.length
    const rule = rules.findIndex((one) => ruleAllows(one, attributes))
    if (rule >= 0) return { allowed: true, by: { ...grant, rule }, nearest: [], looked }
  }
  return { allowed: false, nearest: nearestRules(policy, user, attributes), looked }
}

/** Every binding that reaches a user, in whatever namespace: those for everywhere first. */
export function reachOf(policy: RbacPolicy, user: Asker): Reach[] {
  return placesOf(policy).flatMap((namespace) =>
    policy
      .boundIn(namespace, user)
      .map(({ reason: _reason, ...grant }) => ({ ...grant, rules: policy.rulesOf(grant.role) })),
  )
}

/**
 * Rules about something else altogether are no help, so one of group, resource or path has to fit. Every refusal asks,
 * of all that reaches its sender anywhere: only what is among the nearest so far is kept.
 */
export function nearestRules(policy: RbacPolicy, user: Asker, attributes: Attributes): NearMiss[] {
  const nearest: { miss: NearMiss; score: number }[] = []
  for (const namespace of placesOf(policy)) {
    const isInPlace = namespace === '' || namespace === attributes.namespace
    for (const bound of policy.boundIn(namespace, user)) {
      for (const [rule, told] of (policy.rulesOf(bound.role) ?? []).entries()) {
        const isOfThisSort = attributes.isResource === !told.nonResourceURLs?.length
        if (!isOfThisSort) continue
        const fits = fitOf(told, attributes, isInPlace)
        const score = scoreOf(fits)
        if (score <= (nearest[NEAREST - 1]?.score ?? 0)) continue
        // Of equals, the one found first.
        const at = nearest.findIndex((other) => other.score < score)
        const { reason: _reason, ...grant } = bound
        nearest.splice(at < 0 ? nearest.length : at, 0, { miss: { ...grant, rule, fits }, score })
        nearest.length = Math.min(nearest.length, NEAREST)
      }
    }
  }
  return nearest.map(({ miss }) => miss)
}

/** Everywhere first. */
const placesOf = (policy: RbacPolicy) => ['', ...[...policy.namespaces].filter((place) => place !== '').sort()]

/** What it is about weighs most: "wrong verb on the right thing" is nearer than "right verb on another". */
function scoreOf({ place, group, resource, name, verb }: NearMiss['fits']): number {
  if (!resource && !verb) return 0
  return (resource ? 8 : 0) + (group ? 4 : 0) + (place ? 2 : 0) + (verb ? 2 : 0) + (name ? 1 : 0)
}

/** Everybody whom a binding allows it, by subject, in the order in which they are found. */
export function whoCan(policy: RbacPolicy, attributes: Attributes): Holder[] {
  const holders = new Map<string, Holder>()
  for (const bounds of policy.bindings) {
    for (const { reason: _reason, ...grant } of bounds) {
      const { subject, binding, role } = grant
      if (binding.namespace !== '' && binding.namespace !== attributes.namespace) continue
      const rule = policy.rulesOf(role)?.findIndex((one) => ruleAllows(one, attributes)) ?? -1
      if (rule < 0) continue
      const key = `${subject.kind}/${subject.namespace}/${subject.name}`
      const holder = holders.get(key) ?? { subject, by: [] }
      holder.by.push({ ...grant, rule })
      holders.set(key, holder)
    }
  }
  return [...holders.values()]
}
