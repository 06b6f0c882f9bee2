// Attribute-based access control: a file with one policy a line, read when the server starts. What Kubernetes had before
// roles; taught as history, and still there. Upstream: kubernetes/pkg/auth/authorizer/abac/abac.go, pkg/apis/abac.

import type { PolicyRule } from 'kubernetes-types/rbac/v1'
import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts'
import type { UserInfo } from '../request-path/request-context.ts'
import { ALLOWED, type Attributes, noOpinion, type ReadyAuthorizer } from './authorizer.ts'
import { coversPath } from './rbac/rule-match.ts'

export interface AbacPolicy {
  /** Where it stands: `line 3 of policies.jsonl`. */
  place: string
  user: string
  group: string
  readonly: boolean
  apiGroup: string
  namespace: string
  resource: string
  nonResourcePath: string
}

type Told = Omit<AbacPolicy, 'place'>

const AUTHENTICATED = 'system:authenticated'
const VERSION = 'abac.authorization.kubernetes.io/v1beta1'
const READING = new Set(['get', 'list', 'watch'])

/** Throws with the line that is wrong. */
export function readPolicyFile(text: string, file: string): AbacPolicy[] {
  return text.split('\n').flatMap((line, index) => {
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#')) return []
    try {
      return [{ ...policyOf(trimmed), place: `line ${index + 1} of ${file}` }]
    } catch (err) {
      throw new Error(`error reading policy file ${file}, line ${index + 1}: ${trimmed}: ${(err as Error).message}`, {
        cause: err,
      })
    }
  })
}

function policyOf(line: string): Told {
  const told: unknown = JSON.parse(line)
  if (!isJsonObject(told)) throw new Error('a policy is an object')
  if (told.apiVersion === undefined && told.kind === undefined) return unversioned(told)
  if (told.apiVersion !== VERSION || told.kind !== 'Policy') throw new Error(`expected a Policy of ${VERSION}`)
  const policy = fieldsOf(isJsonObject(told.spec) ? told.spec : {})
  return policy.user === '*' || policy.group === '*' ? { ...policy, user: '', group: AUTHENTICATED } : policy
}

/** From before policies had versions: what is left out is everything. */
function unversioned(told: JsonObject): Told {
  const { user, group, namespace, resource, readonly } = fieldsOf(told)
  const isEverybody = (!user && !group) || user === '*' || group === '*'
  return {
    user: isEverybody ? '' : user,
    group: isEverybody ? AUTHENTICATED : group,
    readonly,
    apiGroup: '*',
    namespace: namespace || '*',
    resource: resource || '*',
    nonResourcePath: namespace || resource ? '' : '*',
  }
}

function fieldsOf(told: JsonObject): Told {
  const text = (field: string) => {
    const value = told[field] ?? ''
    if (typeof value !== 'string') throw new Error(`${field} must be a string`)
    return value
  }
  return {
    user: text('user'),
    group: text('group'),
    readonly: told.readonly === true,
    apiGroup: text('apiGroup'),
    namespace: text('namespace'),
    resource: text('resource'),
    nonResourcePath: text('nonResourcePath'),
  }
}

export function abacAuthorizer(policies: readonly AbacPolicy[]): ReadyAuthorizer {
  return {
    name: 'ABAC',
    authorize: (user, attributes) => {
      const policy = policies.find((one) => allows(one, user, attributes))
      return policy ? { ...ALLOWED, because: policy.place } : noOpinion('No policy matched.')
    },
    rulesFor: (user, namespace) => ({
      rules: policies
        .filter((policy) => isAbout(policy, user) && (policy.namespace === '*' || policy.namespace === namespace))
        .flatMap(rulesOf),
    }),
  }
}

/** A policy may be about both, and then is two rules. */
function rulesOf({ readonly, apiGroup, resource, nonResourcePath }: AbacPolicy): PolicyRule[] {
  const verbs = readonly ? [...READING] : ['*']
  return [
    ...(resource ? [{ verbs, apiGroups: [apiGroup], resources: [resource] }] : []),
    ...(nonResourcePath ? [{ verbs, nonResourceURLs: [nonResourcePath] }] : []),
  ]
}

function allows(policy: AbacPolicy, user: UserInfo, attributes: Attributes): boolean {
  if (!isAbout(policy, user) || (policy.readonly && !READING.has(attributes.verb))) return false
  if (!attributes.isResource) return coversPath(policy.nonResourcePath, attributes.path)
  const fits = (wanted: string, is: string) => wanted === '*' || wanted === is
  return (
    fits(policy.namespace, attributes.namespace) &&
    fits(policy.resource, attributes.resource) &&
    fits(policy.apiGroup, attributes.group)
  )
}

/** A policy that names neither is about nobody. */
function isAbout({ user, group }: AbacPolicy, { name, groups }: UserInfo): boolean {
  if (!user && !group) return false
  return (!user || user === name) && (!group || groups.includes(group))
}
