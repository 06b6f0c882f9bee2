// Who may say who they are, put together from settings.

import type { Secret } from 'kubernetes-types/core/v1'
import type { Clock } from '../../../base/clock.ts'
import { Authentication } from './authenticate.ts'
import type { TokenAuthenticator } from './authenticator.ts'
import { BasicAuthFile } from './basic-auth-file.ts'
import { bootstrapTokenAuthenticator } from './bootstrap-tokens.ts'
import type { AuthenticationSettings } from './flags.ts'
import { FrontProxy } from './front-proxy.ts'
import { jwtAuthenticator } from './jwt/jwt-authenticator.ts'
import { keepAnswers } from './kept-answers.ts'
import type { ServiceAccountTokens } from './service-account-tokens.ts'
import { tokenFileAuthenticator } from './token-file.ts'
import { webhookAuthenticator } from './webhook-authenticator.ts'

export { Authentication } from './authenticate.ts'
export { type AuthenticationSettings, NO_FLAGS, readAuthenticationFlags } from './flags.ts'
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

export function openAuthentication(needs: AuthenticationNeeds): Authentication {
  const { settings, serviceAccounts, clientCaPem } = needs
  return new Authentication({
    tokens: tokenAuthenticators(needs),
    anonymous: settings.anonymous,
    audiences: settings.audiences ?? [serviceAccounts.issuer],
    ...(settings.basicAuthFile ? { basic: new BasicAuthFile(settings.basicAuthFile) } : {}),
    ...(settings.frontProxy ? { frontProxy: new FrontProxy(settings.frontProxy), clientCaPem } : {}),
  })
}

/** In upstream's order: what is cheapest to refuse stands first. */
function tokenAuthenticators({
  settings,
  serviceAccounts,
  clock,
  secretOf,
}: AuthenticationNeeds): TokenAuthenticator[] {
  const { tokenFile, bootstrapTokens, jwt, webhook } = settings
  return [
    ...(tokenFile ? [tokenFileAuthenticator(tokenFile)] : []),
    serviceAccounts,
    ...(bootstrapTokens ? [bootstrapTokenAuthenticator({ clock, secretOf })] : []),
    ...jwt.map((issuer) => keepAnswers(jwtAuthenticator(issuer, clock), KEPT_MS, clock)),
    ...(webhook ? [keepAnswers(webhookAuthenticator(webhook), webhook.cacheTtlMs, clock)] : []),
  ]
}
