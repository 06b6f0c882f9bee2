// Acting as somebody else (`kubectl --as`). First the constrained ways, which take two rights: to be this somebody, and to do
// this one thing as they; then the old one, `impersonate`, which lets do whatever they may. The first that lets it counts;
// when none does, the first no is told.
// Upstream: apiserver/pkg/endpoints/filters/impersonation (KEP-5284, on since v1.36).

import { badRequest } from '../../apimachinery/status-error.ts'
import { type Attributes, type Authorizer, authorizeBy, forbiddenError } from '../authorization/authorizer.ts'
import type { Impersonation } from '../request-path/api-request.ts'
import type { UserInfo } from '../request-path/request-context.ts'
import { ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED } from './authenticate.ts'
import { accountOf, type ImpersonationMode, identityChecks, MODES, nodeOf } from './impersonation-modes.ts'

export interface Impersonated {
  user: UserInfo
  /** The right by which a constrained way let it, for the audit log; empty for the old one. */
  constraint: string
}

/** Throws Forbidden in the words of the claim that was one too many. */
export async function impersonate(
  chain: readonly Authorizer[],
  { requester, wanted, request }: { requester: UserInfo; wanted: Impersonation; request: Attributes },
): Promise<Impersonated> {
  if (!wanted.user) throw badRequest(`requested ${inGo(wanted)} without impersonating a user name`)
  let first: unknown
  for (const mode of MODES) {
    if (!mode.applies(wanted, requester)) continue
    try {
      await assertMay(chain, { mode, requester, wanted, request })
      return { user: userOf(mode, wanted), constraint: mode.isConstrained ? mode.verb : '' }
    } catch (err) {
      first ??= err
    }
  }
  throw first
}

async function assertMay(
  chain: readonly Authorizer[],
  told: { mode: ImpersonationMode; requester: UserInfo; wanted: Impersonation; request: Attributes },
): Promise<void> {
  const { mode, wanted, request } = told
  const asking = mode.requesterAs(told.requester)
  const may = async (attributes: Attributes) => {
    const { decision, reason } = await authorizeBy(chain, asking, attributes)
    if (decision !== 'allow') throw forbiddenError(asking, attributes, reason)
  }
  if (mode.isConstrained) await may({ ...request, verb: `impersonate-on:${mode.name}:${request.verb}` })
  await identityChecks(mode, wanted, { asking, may })
}

function userOf({ isConstrained }: ImpersonationMode, { user, groups, uid, extra }: Impersonation): UserInfo {
  const account = accountOf(user)
  const known =
    account && groups.length === 0
      ? ['system:serviceaccounts', `system:serviceaccounts:${account.namespace}`]
      : isConstrained && nodeOf(user) !== undefined
        ? ['system:nodes']
        : groups
  // Everybody is known or not known; only one who says so is not known.
  const standing = user === ANONYMOUS.name ? UNAUTHENTICATED : AUTHENTICATED
  const isSaid = known.includes(standing) || known.includes(UNAUTHENTICATED)
  return {
    name: user,
    groups: isSaid ? known : [...known, standing],
    ...(uid ? { uid } : {}),
    ...(Object.keys(extra).length > 0 ? { extra } : {}),
  }
}

/** As Go prints such a value: upstream's sentence has it so. */
function inGo({ user, uid, groups, extra }: Impersonation): string {
  const text = JSON.stringify
  const list = (values: readonly string[]) => `[]string{${values.map((value) => text(value)).join(', ')}}`
  const pairs = Object.entries(extra).map(([key, values]) => `${text(key)}:${list(values)}`)
  const told = {
    Name: text(user),
    UID: text(uid),
    Groups: groups.length > 0 ? list(groups) : '[]string(nil)',
    Extra: pairs.length > 0 ? `map[string][]string{${pairs.join(', ')}}` : 'map[string][]string(nil)',
  }
  const fields = Object.entries(told).map(([name, value]) => `${name}:${value}`)
  return `&user.DefaultInfo{${fields.join(', ')}}`
}
