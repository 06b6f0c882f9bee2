// Does a rule allow this? And if not, which part of it is in the way?
// Upstream: kubernetes/pkg/apis/rbac/v1/evaluation_helpers.go.

import type { PolicyRule } from 'kubernetes-types/rbac/v1'
import type { NearMiss } from '../../../../base/trace.ts'
import type { Attributes } from '../authorizer.ts'

const ALL = '*'

const hasOrAll = (values: readonly string[] | undefined, value: string) =>
  values !== undefined && (values.includes(value) || values.includes(ALL))

export function ruleAllows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!hasOrAll(rule.verbs, attributes.verb)) return false
  if (!attributes.isResource) return matchesPath(rule, attributes.path)
  return (
    hasOrAll(rule.apiGroups, attributes.group) && matchesResource(rule, attributes) && matchesName(rule, attributes)
  )
}

// `pods`, `pods/log`, `*`, and `*/scale` for that subresource of whatever has it. `pods` is not `pods/log`.
function matchesResource({ resources }: PolicyRule, { resource, subresource }: Attributes): boolean {
  if (!resources) return false
  const asked = subresource ? `${resource}/${subresource}` : resource
  return hasOrAll(resources, asked) || (subresource !== '' && resources.includes(`*/${subresource}`))
}

/** A rule with names never allows what has none yet: list, watch, create, deletecollection. */
function matchesName({ resourceNames }: PolicyRule, { name }: Attributes): boolean {
  return !resourceNames?.length || resourceNames.includes(name)
}

function matchesPath({ nonResourceURLs }: PolicyRule, path: string): boolean {
  return (nonResourceURLs ?? []).some((url) => coversPath(url, path))
}

/** `/healthz/*` is everything that begins with `/healthz/`. Stars are counted once, not from each of them anew. */
export function coversPath(url: string, path: string): boolean {
  return url === path || (url.endsWith(ALL) && path.startsWith(url.replace(/(?<!\*)\*+$/, '')))
}

/** Part by part, for explanations. Paths stand in no group and have no names: for them those parts always fit. */
export function fitOf(rule: PolicyRule, attributes: Attributes, isInPlace: boolean): NearMiss['fits'] {
  const { isResource } = attributes
  return {
    place: isInPlace,
    group: isResource ? hasOrAll(rule.apiGroups, attributes.group) : true,
    resource: isResource ? matchesResource(rule, attributes) : matchesPath(rule, attributes.path),
    name: isResource ? matchesName(rule, attributes) : true,
    verb: hasOrAll(rule.verbs, attributes.verb),
  }
}
