// The keys with which an issuer signs, as it publishes them: found by OpenID Connect discovery, read again when a token
// names one that is not among them. Upstream: go-oidc/oidc/jwks.go, apiserver/plugin/pkg/authenticator/token/oidc.

import https from 'node:https'
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import type { Clock } from '../../../../base/clock.ts'
import type { JwtIssuer } from './configuration.ts'

/** Whoever makes up key ids must not make us ask the issuer each time. */
const AGAIN_AFTER_MS = 10_000
const TIMEOUT_MS = 10_000
const MOST_BYTES = 1024 * 1024

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
    const found = (await getJson(place, caPem)) as { issuer?: string; jwks_uri?: string }
    if (found.issuer !== url) {
      throw new Error(`issuer did not match the issuer returned by provider, expected "${url}" got "${found.issuer}"`)
    }
    if (!found.jwks_uri) throw new Error(`${place} names no jwks_uri`)
    return createLocalJWKSet((await getJson(found.jwks_uri, caPem)) as JSONWebKeySet)
  }
}

function getJson(url: string, ca: string | undefined): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = https.get(url, { ...(ca ? { ca } : {}), timeout: TIMEOUT_MS }, (answer) => {
      const chunks: Buffer[] = []
      let length = 0
      answer.on('data', (chunk: Buffer) => {
        length += chunk.length
        chunks.push(chunk)
        if (length > MOST_BYTES) request.destroy(new Error(`${url} answers with more than ${MOST_BYTES} bytes`))
      })
      answer.on('error', reject)
      answer.on('end', () => {
        if (answer.statusCode !== 200) return reject(new Error(`${url} answers ${answer.statusCode}`))
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')))
        } catch (err) {
          reject(new Error(`${url} answers with no JSON`, { cause: err }))
        }
      })
    })
    request.on('timeout', () => request.destroy(new Error(`${url} does not answer`)))
    request.on('error', reject)
  })
}
