// Tokens of an issuer outside: OpenID Connect. Upstream: apiserver/plugin/pkg/authenticator/token/oidc/oidc.go.

import { decodeJwt, jwtVerify } from 'jose'
import type { Clock } from '../../../../base/clock.ts'
import type { TokenAuthenticator } from '../authenticator.ts'
import type { JwtIssuer } from './configuration.ts'
import { IssuerKeys } from './issuer-keys.ts'
import { type Claims, userOfClaims } from './user-of-claims.ts'

export function jwtAuthenticator(issuer: JwtIssuer, clock: Clock): TokenAuthenticator {
  const keys = new IssuerKeys(issuer, clock)
  return {
    name: `OIDC ${issuer.url}`,
    async authenticate(token) {
      if (issuerOf(token) !== issuer.url) return undefined
      const { payload } = await jwtVerify(token, keys.keyFor, {
        issuer: issuer.url,
        audience: issuer.audiences,
        algorithms: [...issuer.algorithms],
        currentDate: new Date(clock.now()),
        requiredClaims: ['exp'],
      })
      return { user: userOfClaims(issuer, payload as Claims) }
    },
  }
}

/** Not to be believed yet; only to know whose keys to look it up with. */
function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss
  } catch {
    return undefined
  }
}
