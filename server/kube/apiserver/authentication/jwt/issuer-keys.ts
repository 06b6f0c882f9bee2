// The keys with which an issuer signs, as it publishes them: found by OpenID Connect discovery, read again when a token
// names one that is not among them. Upstream: go-oidc/oidc/jwks.go, apiserver/plugin/pkg/authenticator/token/oidc.

import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import type { Clock } from '../../../../base/clock.ts'
import type { JwtIssuer } from './configuration.ts'
import { getJson } from './get.ts'

/** Whoever makes up key ids must not make us ask the issuer each time. */
const AGAIN_AFTER_MS = 10_000

export class IssuerKeys {
  readonly #issuer: JwtIssuer
  readonly #clock: Clock
  #keys: Promise<JWTVerifyGetKey> | undefined
  #askedAt = Number.NEGATIVE_INFINITY

  constructor(issuer: JwtIssuer, clock: Clock) {
    this.#issuer = issuer
    this.#clock = clock
  }

  /** For `jwtVerify`. Rejects when the issuer cannot be asked. */
  readonly keyFor: JWTVerifyGetKey = async (header, token) => {
    try {
      return await (await this.#known())(header, token)
    } catch (err) {
      const isMissing = err instanceof errors.JWKSNoMatchingKey
      if (!isMissing || this.#clock.monotonic() - this.#askedAt < AGAIN_AFTER_MS) throw err
      this.#keys = undefined
      return (await this.#known())(header, token)
    }
  }

  #known(): Promise<JWTVerifyGetKey> {
    if (!this.#keys) {
      this.#askedAt = this.#clock.monotonic()
      const asked = this.#fetch()
      this.#keys = asked
      // An issuer that was down is asked again by the next token.
      asked.catch(() => {
        if (this.#keys === asked) this.#keys = undefined
      })
    }
    return this.#keys
  }

  async #fetch(): Promise<JWTVerifyGetKey> {
    const { url, discoveryUrl, caPem } = this.#issuer
    const place = discoveryUrl ?? `${url.replace(/\/$/, '')}/.well-known/openid-configuration`
    const found = (await getJson({ url: place, caPem })) as { issuer?: string; jwks_uri?: string }
    if (found.issuer !== url) {
      throw new Error(`issuer did not match the issuer returned by provider, expected "${url}" got "${found.issuer}"`)
    }
    if (!found.jwks_uri) throw new Error(`${place} names no jwks_uri`)
    return createLocalJWKSet((await getJson({ url: found.jwks_uri, caPem })) as JSONWebKeySet)
  }
}
