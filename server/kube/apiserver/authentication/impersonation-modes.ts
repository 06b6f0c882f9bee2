// The ways to be somebody else, in the order in which they are tried, and what each asks about who one wants to be.
//
//   associated-node   the node that a service account's own token is bound to
//   arbitrary-node    any node
//   serviceaccount    a service account
//   user-info         anybody else, with groups, uid and extra
//   (none)            the old way: `impersonate`, and then everything
//
// Upstream: apiserver/pkg/endpoints/filters/impersonation/mode.go.

import { dnsSubdomainProblems } from '../../apimachinery/names.ts'
import { type Attributes, forbiddenError } from '../authorization/authorizer.ts'
import { SUPERUSERS } from '../authorization/superusers.ts'
import type { Impersonation } from '../request-path/api-request.ts'
import type { UserInfo } from '../request-path/request-context.ts'

const AUTHENTICATION = 'authentication.k8s.io'
const NODE = 'system:node:'
const NODE_NAME = 'authentication.kubernetes.io/node-name'
/** From so many on, a right to all of them is looked for first. */
const MANY = 4

export interface ImpersonationMode {
  name: string
  /** What one must be allowed to do with each thing that one claims to be. */
  verb: string
  isConstrained: boolean
  applies(wanted: Impersonation, requester: UserInfo): boolean
  /** As whom the authorizers are asked. */
  requesterAs(requester: UserInfo): UserInfo
}

type Applies = ImpersonationMode['applies']

const constrained = (
  name: string,
  applies: Applies,
  requesterAs: ImpersonationMode['requesterAs'] = (requester) => requester,
): ImpersonationMode => ({ name, verb: `impersonate:${name}`, isConstrained: true, applies, requesterAs })

const isNameOnly = ({ uid, groups, extra }: Impersonation) =>
  uid === '' && groups.length === 0 && Object.keys(extra).length === 0

export const MODES: readonly ImpersonationMode[] = [
  constrained(
    'associated-node',
    (wanted, requester) => isNameOnly(wanted) && isOnNode(requester, wanted.user),
    nameless,
  ),
  constrained('arbitrary-node', (wanted) => isNameOnly(wanted) && nodeOf(wanted.user) !== undefined),
  constrained('serviceaccount', (wanted) => isNameOnly(wanted) && accountOf(wanted.user) !== undefined),
  constrained('user-info', ({ user }) => nodeOf(user) === undefined && accountOf(user) === undefined),
  { name: '', verb: 'impersonate', isConstrained: false, applies: () => true, requesterAs: (requester) => requester },
]

export function accountOf(user: string): { namespace: string; name: string } | undefined {
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user) ?? []
  return namespace && name ? { namespace, name } : undefined
}

export function nodeOf(user: string): string | undefined {
  const name = user.startsWith(NODE) ? user.slice(NODE.length) : ''
  return name && dnsSubdomainProblems(name).length === 0 ? name : undefined
}

function isOnNode(requester: UserInfo, wanted: string): boolean {
  const node = nodeOf(wanted)
  const [own, ...more] = requester.extra?.[NODE_NAME] ?? []
  return node !== undefined && accountOf(requester.name) !== undefined && own === node && more.length === 0
}

/** The right is to be one's own node, wherever one runs: so nothing of where that is counts. */
function nameless(requester: UserInfo): UserInfo {
  const keys = Object.keys(requester.extra ?? {}).sort()
  return { ...requester, extra: { 'authentication.kubernetes.io/associated-node-keys': keys } }
}

/** Each thing that one claims to be, in upstream's order; `may` throws Forbidden. */
export async function identityChecks(
  mode: ImpersonationMode,
  wanted: Impersonation,
  { asking, may }: { asking: UserInfo; may(attributes: Attributes): Promise<void> },
): Promise<void> {
  const { user, uid, groups, extra } = wanted
  const { verb, isConstrained } = mode
  const about = (of: Partial<Attributes>): Attributes => ({
    isResource: true,
    verb,
    path: '',
    group: AUTHENTICATION,
    resource: '',
    subresource: '',
    namespace: '',
    name: '',
    ...of,
  })
  // The old way knows people and groups as things of the core.
  const group = isConstrained ? AUTHENTICATION : ''
  const refuse = (of: Partial<Attributes>, why: string) => forbiddenError(asking, about(of), why)
  /** Those of a list, or the right to all of them when there are many. */
  const all = async (many: boolean, everything: Partial<Attributes>, each: readonly Partial<Attributes>[]) => {
    const isAllowed =
      isConstrained &&
      many &&
      (await may(about(everything)).then(
        () => true,
        () => false,
      ))
    if (!isAllowed) for (const one of each) await may(about(one))
  }

  await may(about(nameAttributes(mode, user, group)))
  if (uid) await may(about({ resource: 'uids', name: uid }))
  if (isConstrained && groups.includes('')) {
    throw refuse({ group, resource: 'groups' }, 'impersonating the empty string group is not allowed')
  }
  if (isConstrained && groups.includes(SUPERUSERS)) {
    const asked = { group, resource: 'groups', name: SUPERUSERS }
    throw refuse(asked, 'impersonating the system:masters group is not allowed')
  }
  const ofGroups = groups.map((name) => ({ group, resource: 'groups', name }))
  await all(groups.length >= MANY, { group, resource: 'groups', name: '*' }, ofGroups)
  const problem = isConstrained ? extraProblem(extra) : undefined
  if (problem) throw refuse({ resource: 'userextras' }, problem)
  const ofExtra = Object.entries(extra).flatMap(([subresource, values]) =>
    values.map((name) => ({ resource: 'userextras', subresource, name })),
  )
  const isLarge = Object.keys(extra).length >= MANY || ofExtra.length >= MANY
  await all(isLarge, { resource: 'userextras', subresource: '*', name: '*' }, ofExtra)
}

function nameAttributes({ isConstrained, name: mode }: ImpersonationMode, user: string, group: string) {
  const account = accountOf(user)
  if (account) return { group, resource: 'serviceaccounts', ...account }
  const node = isConstrained ? nodeOf(user) : undefined
  if (node !== undefined) return { group, resource: 'nodes', name: mode === 'associated-node' ? '*' : node }
  return { group, resource: 'users', name: user }
}

function extraProblem(extra: Impersonation['extra']): string | undefined {
  for (const [key, values] of Object.entries(extra)) {
    if (key === '') return 'impersonating the empty string key in extra is not allowed'
    if (!/^[^/]+\/.+$/.test(key) || dnsSubdomainProblems(key.split('/', 1)[0] ?? '').length > 0) {
      const why = `extra.key: Invalid value: ${JSON.stringify(key)}: must be a domain-prefixed path (such as "acme.io/foo")`
      return `impersonating an invalid key in extra is not allowed: ${why}`
    }
    if (values.length === 0) return 'impersonating empty values in extra is not allowed'
    if (values.includes('')) return 'impersonating the empty string value in extra is not allowed'
  }
  return undefined
}
