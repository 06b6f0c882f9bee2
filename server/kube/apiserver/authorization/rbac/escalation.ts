// Nobody gives away what they do not have: whoever writes a role or a binding must hold every right in it, unless they
// may `escalate` (roles) or `bind` (bindings). Upstream: kubernetes/pkg/registry/rbac, component-helpers/auth/rbac.

import type { PolicyRule } from 'kubernetes-types/rbac/v1'
import { shortened, textFindings } from '../../../apimachinery/told.ts'
import type { UserInfo } from '../../request-path/request-context.ts'
import type { RbacPolicy } from './policy.ts'
import { coversPath } from './rule-match.ts'

/** What `rules` would give that `user` does not hold there; undefined when all of it is held. */
export function escalationProblem(
  policy: RbacPolicy,
  { user, namespace, rules }: { user: UserInfo; namespace: string; rules: readonly PolicyRule[] },
): string | undefined {
  const held = policy.boundAt(namespace, user).flatMap(({ role }) => policy.rulesOf(role) ?? [])
  const groups = user.groups.map((group) => JSON.stringify(group)).join(' ')
  const attempt = `user ${JSON.stringify(user.name)} (groups=[${groups}]) is attempting to grant RBAC permissions`
  const open = isTooMuch(held, rules) ? notCoveredByOne(held, rules) : rules
  if (!open || isTooMuch(held, open))
    return `${attempt} of more combinations than are compared with those currently held`
  const missing = missingAtoms(held, open)
  if (missing.length === 0) return undefined
  const lines = textFindings()
  for (const rule of compacted(missing)) {
    if (lines.areEnough) break
    lines.add(shownRule(rule))
  }
  return shortened(`${attempt} not currently held:\n${[...new Set(lines.all)].sort().join('\n')}`)
}

/**
 * Words of one rule that are combined with all of its others, and then compared: upstream does it, whatever it takes, and a
 * rule of 30 KB may be a hundred million.
 */
const MOST_COMBINED = 200_000
const MOST_COMPARED = 50_000_000

const lists = ({ verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: PolicyRule) =>
  [verbs, apiGroups, resources, resourceNames, nonResourceURLs] as const

const sum = (rules: readonly PolicyRule[], of: (rule: PolicyRule) => number) =>
  rules.reduce((total, rule) => total + of(rule), 0)
const words = (rule: PolicyRule) => lists(rule).reduce((total, { length }) => total + length, 1)

function combinations(rule: PolicyRule): number {
  const [verbs, groups, resources, names, urls] = lists(rule).map(({ length }) => length) as [
    number,
    number,
    number,
    number,
    number,
  ]
  return verbs * (groups * resources * Math.max(names, 1) + urls)
}

function isTooMuch(held: readonly PolicyRule[], rules: readonly PolicyRule[]): boolean {
  const combined = sum(rules, combinations)
  return combined > MOST_COMBINED || combined * sum(held, words) > MOST_COMPARED
}

/** Undefined where even that is too much to find out. */
function notCoveredByOne(held: readonly PolicyRule[], rules: readonly PolicyRule[]): PolicyRule[] | undefined {
  const compared = rules.length * sum(held, words) + held.length * sum(rules, words)
  if (compared > MOST_COMPARED) return undefined
  return rules.filter((rule) => !held.some((one) => coversRule(one, rule)))
}

/** By its words alone: of paths, and of rules for some names, nothing is said here. */
function coversRule(held: PolicyRule, rule: PolicyRule): boolean {
  const has = (values: readonly string[] = [], asked: readonly string[] = []) => {
    if (values.includes('*')) return true
    const known = new Set(values)
    return asked.every((value) => known.has(value))
  }
  return (
    !rule.nonResourceURLs?.length &&
    !held.resourceNames?.length &&
    has(held.verbs, rule.verbs) &&
    has(held.apiGroups, rule.apiGroups) &&
    has(held.resources, rule.resources)
  )
}

/** What of `rules` is not in `held`, in its smallest parts. */
export function missingAtoms(held: readonly PolicyRule[], rules: readonly PolicyRule[]): Atom[] {
  return rules.flatMap(atoms).filter((atom) => !held.some((rule) => coversAtom(rule, atom)))
}

/** A rule of one verb on one resource (or path). */
type Atom = Required<PolicyRule>

function atoms(rule: PolicyRule): Atom[] {
  const none = { apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [] }
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule
  const names = resourceNames.length > 0 ? resourceNames.map((name) => [name]) : [[]]
  return [
    ...apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.flatMap((verb) =>
          names.map((name) => ({
            ...none,
            apiGroups: [group],
            resources: [resource],
            verbs: [verb],
            resourceNames: name,
          })),
        ),
      ),
    ),
    ...nonResourceURLs.flatMap((url) => verbs.map((verb) => ({ ...none, nonResourceURLs: [url], verbs: [verb] }))),
  ]
}

function coversAtom(held: PolicyRule, atom: Atom): boolean {
  const [verb = ''] = atom.verbs
  const has = (values: readonly string[] | undefined, value: string) =>
    values?.includes('*') === true || values?.includes(value) === true
  if (!has(held.verbs, verb)) return false
  const [url] = atom.nonResourceURLs
  if (url !== undefined) return (held.nonResourceURLs ?? []).some((path) => coversPath(path, url))
  const [resource = ''] = atom.resources
  const slash = resource.indexOf('/')
  const isCovered =
    has(held.resources, resource) || (slash >= 0 && held.resources?.includes(`*${resource.slice(slash)}`) === true)
  const [name] = atom.resourceNames
  const namesHeld = held.resourceNames ?? []
  const isNameHeld = namesHeld.length === 0 || (name !== undefined && namesHeld.includes(name))
  return has(held.apiGroups, atom.apiGroups[0] ?? '') && isCovered && isNameHeld
}

/** Atoms on the same resource become one rule again, so that the message stays readable. */
function compacted(missing: readonly Atom[]): Atom[] {
  const rules = new Map<string, { atom: Atom; verbs: Set<string> }>()
  for (const atom of missing) {
    const isSimple = atom.resourceNames.length === 0 && atom.nonResourceURLs.length === 0
    const key = isSimple ? `${atom.apiGroups[0]}/${atom.resources[0]}` : JSON.stringify(atom)
    const known = rules.get(key)
    if (known) for (const verb of atom.verbs) known.verbs.add(verb)
    else rules.set(key, { atom, verbs: new Set(atom.verbs) })
  }
  return Array.from(rules.values(), ({ atom, verbs }) => ({ ...atom, verbs: [...verbs] }))
}

function shownRule({ apiGroups, resources, nonResourceURLs, resourceNames, verbs }: Atom): string {
  const parts = {
    APIGroups: apiGroups,
    Resources: resources,
    NonResourceURLs: nonResourceURLs,
    ResourceNames: resourceNames,
    Verbs: verbs,
  }
  const shown = Object.entries(parts)
    .filter(([, values]) => values.length > 0)
    .map(([name, values]) => `${name}:[${values.map((value) => JSON.stringify(value)).join(' ')}]`)
  return `{${shown.join(', ')}}`
}
