// Who is asking: every way to prove it that this cluster knows is tried, in upstream's order, and the first that succeeds
// counts. A proof that nobody accepts is refused; it never counts as none.
// Upstream: apiserver/pkg/authentication/request/union, kubernetes/pkg/kubeapiserver/authenticator/config.go.

import { StatusError } from '../../apimachinery/status-error.ts'
import type { Credentials } from '../request-path/api-request.ts'
import type { UserInfo } from '../request-path/request-context.ts'
import type { TokenAuthenticator } from './authenticator.ts'
import type { BasicAuthFile } from './basic-auth-file.ts'
import { userOfCertificate } from './client-certificate.ts'
import type { FrontProxy } from './front-proxy.ts'

export const AUTHENTICATED = 'system:authenticated'
export const UNAUTHENTICATED = 'system:unauthenticated'
export const ANONYMOUS: UserInfo = { name: 'system:anonymous', groups: [UNAUTHENTICATED] }

export interface Authenticated {
  user: UserInfo
  /** How it was proved: `x509`, `ServiceAccount`, … */
  by: string
  warning?: string
}

export interface Ways {
  frontProxy?: FrontProxy | undefined
  /** PEM; only when another authority's certificates are let in as well, and so have to be told apart. */
  clientCaPem?: string | undefined
  /** Those of the moment: issuers come and go while the server runs. */
  tokens(): readonly TokenAuthenticator[]
  basic?: BasicAuthFile | undefined
  /** Paths where nobody in particular may ask; all when undefined. */
  anonymous: { enabled: boolean; paths?: readonly string[] | undefined }
  /** What a token for this server itself is good for. */
  audiences: readonly string[]
}

/** The sender hears `Unauthorized` and no more; `reasons` are for the log. */
export class AuthenticationError extends StatusError {
  readonly reasons: readonly string[]

  constructor(reasons: readonly string[]) {
    super('Unauthorized', 'Unauthorized')
    this.reasons = reasons
  }
}

export class Authentication {
  readonly #ways: Ways

  constructor(ways: Ways) {
    this.#ways = ways
  }

  async authenticate(credentials: Credentials, path: string): Promise<Authenticated> {
    if (credentials.type === 'known') return { user: credentials.user, by: 'in process' }
    const reasons: string[] = []
    const { certificate, bearerToken, basic } = credentials
    const { frontProxy, clientCaPem, anonymous } = this.#ways
    const proxied = frontProxy && attempt(reasons, () => frontProxy.userOf(credentials))
    if (proxied) return known(proxied, 'front-proxy')
    const holder = certificate && attempt(reasons, () => userOfCertificate(certificate, clientCaPem))
    if (holder) return known(holder, 'x509')
    if (bearerToken !== undefined) {
      const found = await this.#holderOf(bearerToken, this.#ways.audiences, reasons)
      if (found) return { ...known(found.user, found.by), ...(found.warning ? { warning: found.warning } : {}) }
      if (reasons.length === 0) reasons.push('invalid bearer token')
    }
    if (basic) {
      const found = this.#ways.basic?.authenticate(basic)
      if (found) return { ...known(found.user, 'basic'), warning: found.warning }
      if (this.#ways.basic) reasons.push('invalid user name or password')
    }
    if (reasons.length > 0) throw new AuthenticationError(reasons)
    if (!anonymous.enabled || (anonymous.paths && !anonymous.paths.includes(path))) {
      throw new AuthenticationError(['no credentials, and anonymous requests are not let in here'])
    }
    return { user: ANONYMOUS, by: 'anonymous' }
  }

  /** Whose token is this? For servers that trust this one. Throws an AuthenticationError. */
  async holderOf(token: string, audiences: readonly string[]): Promise<{ user: UserInfo; audiences: string[] }> {
    const asked = audiences.length > 0 ? audiences : this.#ways.audiences
    const reasons: string[] = []
    const found = await this.#holderOf(token, asked, reasons)
    if (!found) throw new AuthenticationError(reasons.length > 0 ? reasons : ['invalid bearer token'])
    return { user: known(found.user, found.by).user, audiences: [...(found.audiences ?? asked)] }
  }

  async #holderOf(token: string, audiences: readonly string[], reasons: string[]) {
    for (const way of this.#ways.tokens()) {
      try {
        const found = await way.authenticate(token, audiences)
        if (found) return { ...found, by: way.name }
      } catch (err) {
        reasons.push(`${way.name}: ${(err as Error).message}`)
      }
    }
    return undefined
  }
}

/** What is wrong with one proof is kept; another may do. */
function attempt<T>(reasons: string[], prove: () => T): T | undefined {
  try {
    return prove()
  } catch (err) {
    reasons.push((err as Error).message)
    return undefined
  }
}

function known(user: UserInfo, by: string): Authenticated {
  const isSaid = user.groups.includes(AUTHENTICATED) || user.groups.includes(UNAUTHENTICATED)
  // Whoever names itself nobody stays nobody. Upstream: authentication/group/authenticated_group_adder.go.
  const isNobody = user.name === ANONYMOUS.name
  return { user: isSaid || isNobody ? user : { ...user, groups: [...user.groups, AUTHENTICATED] }, by }
}
