// Who may say who they are, put together from settings.

import type { Secret } from 'kubernetes-types/core/v1'
import type { Clock } from '../../../base/clock.ts'
import { Authentication } from './authenticate.ts'
import type { TokenAuthenticator } from './authenticator.ts'
import { BasicAuthFile } from './basic-auth-file.ts'
import { bootstrapTokenAuthenticator } from './bootstrap-tokens.ts'
import type { AuthenticationSettings } from './flags.ts'
import { FrontProxy } from './front-proxy.ts'
import type { JwtIssuer } from './jwt/configuration.ts'
import { jwtAuthenticator } from './jwt/jwt-authenticator.ts'
import { keepAnswers } from './kept-answers.ts'
import type { ServiceAccountTokens } from './service-account-tokens.ts'
import { tokenFileAuthenticator } from './token-file.ts'
import { webhookAuthenticator } from './webhook-authenticator.ts'

export { Authentication } from './authenticate.ts'
export { type AuthenticationSettings, NO_FLAGS, readAuthenticationFlags } from './flags.ts'
export { noteLegacyTokenUse } from './legacy-token-use.ts'
export { ServiceAccountTokens } from './service-account-tokens.ts'

/** As upstream: a token that was good is good for so long. */
const KEPT_MS = 10_000

export interface AuthenticationNeeds {
  settings: AuthenticationSettings
  serviceAccounts: ServiceAccountTokens
  clientCaPem: string
  clock: Clock
  /** A Secret of kube-system. */
  secretOf(name: string): Secret | undefined
}

export interface OpenAuthentication {
  authentication: Authentication
  /** In place of the issuers that were trusted before. */
  trust(issuers: readonly JwtIssuer[]): void
}

export function openAuthentication(needs: AuthenticationNeeds): OpenAuthentication {
  const { settings, serviceAccounts, clientCaPem, clock } = needs
  const { before, after } = otherTokens(needs)
  const issuersOf = (jwt: readonly JwtIssuer[]) =>
    jwt.map((issuer) => keepAnswers(jwtAuthenticator(issuer, clock), KEPT_MS, clock))
  let tokens: readonly TokenAuthenticator[] = []
  const trust = (issuers: readonly JwtIssuer[]) => {
    tokens = [...before, ...issuersOf(issuers), ...after]
  }
  trust(settings.jwt)
  const authentication = new Authentication({
    tokens: () => tokens,
    anonymous: settings.anonymous,
    audiences: settings.audiences ?? [serviceAccounts.issuer],
    ...(settings.basicAuthFile ? { basic: new BasicAuthFile(settings.basicAuthFile) } : {}),
    ...(settings.frontProxy ? { frontProxy: new FrontProxy(settings.frontProxy), clientCaPem } : {}),
  })
  return { authentication, trust }
}

/** In upstream's order around the issuers: what is cheapest to refuse stands first. */
function otherTokens({ settings, serviceAccounts, clock, secretOf }: AuthenticationNeeds) {
  const { tokenFile, bootstrapTokens, webhook } = settings
  const before: TokenAuthenticator[] = [
    ...(tokenFile ? [tokenFileAuthenticator(tokenFile)] : []),
    serviceAccounts,
    ...(bootstrapTokens ? [bootstrapTokenAuthenticator({ clock, secretOf })] : []),
  ]
  const after = webhook ? [keepAnswers(webhookAuthenticator(webhook), webhook.cacheTtlMs, clock)] : []
  return { before, after }
}
