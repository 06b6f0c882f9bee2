// Role-based access control: a request is allowed when a rule of a role that a binding gives its sender says so.
// No rule denies. Upstream: kubernetes/plugin/pkg/auth/authorizer/rbac/rbac.go.

import { type Attributes, NO_OPINION, noOpinion, type ReadyAuthorizer, type Verdict } from '../authorizer.ts'
import type { Bound, RbacPolicy } from './policy.ts'
import { ruleAllows } from './rule-match.ts'

export function rbacAuthorizer(policy: RbacPolicy): ReadyAuthorizer {
  return {
    name: 'RBAC',
    authorize: (user, attributes) => {
      const missing: string[] = []
      for (const bound of policy.boundAt(attributes.namespace, user)) {
        const verdict = judge(policy, bound, attributes)
        if (verdict) return verdict
        if (!policy.rulesOf(bound.role)) missing.push(notFound(bound))
      }
      if (missing.length === 0) return NO_OPINION
      return noOpinion(`RBAC: ${inOne(missing)}`)
    },
    rulesFor: (user, namespace) => {
      const bounds = policy.boundAt(namespace, user)
      const missing = bounds.filter(({ role }) => !policy.rulesOf(role)).map(notFound)
      const rules = bounds.flatMap(({ role }) => policy.rulesOf(role) ?? [])
      return { rules, ...(missing.length > 0 ? { problem: inOne(missing) } : {}) }
    },
  }
}

function judge(policy: RbacPolicy, { reason, ...grant }: Bound, attributes: Attributes): Verdict | undefined {
  const rule = policy.rulesOf(grant.role)?.findIndex((one) => ruleAllows(one, attributes)) ?? -1
  return rule < 0 ? undefined : { decision: 'allow', reason, by: { ...grant, rule } }
}

const inOne = (missing: readonly string[]) => (missing.length === 1 ? missing[0] : `[${missing.join(', ')}]`)

const notFound = ({ role }: Bound) =>
  `${role.kind.toLowerCase()}.rbac.authorization.k8s.io ${JSON.stringify(role.name)} not found`
