// Tokens of an issuer outside: OpenID Connect. Upstream: apiserver/plugin/pkg/authenticator/token/oidc/oidc.go.

import { decodeJwt, jwtVerify } from 'jose'
import type { Clock } from '../../../../base/clock.ts'
import type { TokenAuthenticator } from '../authenticator.ts'
import type { JwtIssuer } from './configuration.ts'
import { withGroupsFromElsewhere } from './distributed-groups.ts'
import { IssuerKeys } from './issuer-keys.ts'
import { type Claims, userOfClaims } from './user-of-claims.ts'

/** Other issuers that a token of this one may lead to, remembered with their keys. */
const KEPT = 10

export function jwtAuthenticator(issuer: JwtIssuer, clock: Clock): TokenAuthenticator {
  const keys = new Map([[issuer.url, new IssuerKeys(issuer, clock)]])
  const keysOf = (url: string): IssuerKeys => {
    const known = keys.get(url) ?? new IssuerKeys({ ...issuer, url, discoveryUrl: undefined }, clock)
    keys.set(url, known)
    const other = [...keys.keys()].find((one) => one !== issuer.url)
    if (keys.size > KEPT && other !== undefined) keys.delete(other)
    return known
  }
  const verify = async (token: string, url: string): Promise<Claims> => {
    const { payload } = await jwtVerify(token, keysOf(url).keyFor, {
      issuer: url,
      audience: issuer.audiences,
      algorithms: [...issuer.algorithms],
      currentDate: new Date(clock.now()),
      requiredClaims: ['exp'],
    })
    return payload as Claims
  }
  return {
    name: `OIDC ${issuer.url}`,
    async authenticate(token) {
      if (issuerOf(token) !== issuer.url) return undefined
      const claims = await verify(token, issuer.url)
      return { user: userOfClaims(issuer, await withGroupsFromElsewhere(issuer, claims, verify)) }
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
