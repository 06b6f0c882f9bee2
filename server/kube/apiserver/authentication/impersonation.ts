// Acting as somebody else (`kubectl --as`): whoever asks must be allowed to `impersonate` each thing they claim to be.
// Upstream: apiserver/pkg/endpoints/filters/impersonation.

import { forbidden, StatusError } from '../../apimachinery/status-error.ts'
import { type Attributes, type Authorizer, authorizeBy, forbiddenMessage } from '../authorization/authorizer.ts'
import type { Impersonation } from '../request-path/api-request.ts'
import type { UserInfo } from '../request-path/request-context.ts'
import { ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED } from './authenticate.ts'

const ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/
const AUTHENTICATION = 'authentication.k8s.io'

/** The user to go on as. Throws Forbidden in the words of the claim that was one too many. */
export async function impersonate(
  chain: readonly Authorizer[],
  requester: UserInfo,
  asked: Impersonation,
): Promise<UserInfo> {
  const { user, groups, uid, extra } = asked
  if (!user) {
    throw new StatusError(
      'InternalError',
      'Internal error occurred: requested impersonation without impersonating a user',
    )
  }
  const [, namespace, account] = ACCOUNT.exec(user) ?? []
  const assert = (about: Partial<Attributes>) => assertMayImpersonate(chain, requester, about)
  if (namespace && account) await assert({ resource: 'serviceaccounts', namespace, name: account })
  else await assert({ resource: 'users', name: user })
  for (const group of groups) await assert({ resource: 'groups', name: group })
  for (const [key, values] of Object.entries(extra)) {
    for (const name of values) await assert({ group: AUTHENTICATION, resource: 'userextras', subresource: key, name })
  }
  if (uid) await assert({ group: AUTHENTICATION, resource: 'uids', name: uid })

  const claimed =
    groups.length === 0 && namespace ? ['system:serviceaccounts', `system:serviceaccounts:${namespace}`] : [...groups]
  // Everybody is known or not known; only one who says so is not known.
  if (!claimed.includes(AUTHENTICATED) && !claimed.includes(UNAUTHENTICATED)) {
    claimed.push(user === ANONYMOUS.name ? UNAUTHENTICATED : AUTHENTICATED)
  }
  return {
    name: user,
    groups: claimed,
    ...(uid ? { uid } : {}),
    ...(Object.keys(extra).length > 0 ? { extra } : {}),
  }
}

async function assertMayImpersonate(
  chain: readonly Authorizer[],
  requester: UserInfo,
  about: Partial<Attributes>,
): Promise<void> {
  const attributes: Attributes = {
    isResource: true,
    verb: 'impersonate',
    path: '',
    group: '',
    resource: '',
    subresource: '',
    namespace: '',
    name: '',
    ...about,
  }
  if ((await authorizeBy(chain, requester, attributes)).decision === 'allow') return
  const { group, resource, name } = attributes
  throw forbidden({ group, resource }, name, forbiddenMessage(requester, attributes))
}
