// Who is asking: the first of the proofs that came with the request. A wrong proof is refused, it never counts as none.
// Upstream: apiserver/pkg/authentication/request.

import { unauthorized } from '../../apimachinery/status-error.ts'
import type { Credentials } from '../request-path/api-request.ts'
import type { UserInfo } from '../request-path/request-context.ts'
import type { ServiceAccountTokens } from './service-account-tokens.ts'

export const AUTHENTICATED = 'system:authenticated'
export const UNAUTHENTICATED = 'system:unauthenticated'
export const ANONYMOUS: UserInfo = { name: 'system:anonymous', groups: [UNAUTHENTICATED] }

export interface Authenticated {
  user: UserInfo
  /** How it was proved: `x509`, `ServiceAccount`. */
  by: string
}

export async function authenticate(credentials: Credentials, tokens: ServiceAccountTokens): Promise<Authenticated> {
  if (credentials.type === 'known') return { user: credentials.user, by: 'in process' }
  const { certificate, bearerToken } = credentials
  if (certificate) {
    if (!certificate.isVerified) throw unauthorized()
    const groups = [...certificate.organizations, AUTHENTICATED]
    return { user: { name: certificate.commonName, groups }, by: 'x509' }
  }
  if (bearerToken !== undefined) {
    const user = await tokens.verify(bearerToken)
    return { user: { ...user, groups: [...user.groups, AUTHENTICATED] }, by: 'ServiceAccount' }
  }
  return { user: ANONYMOUS, by: 'anonymous' }
}
