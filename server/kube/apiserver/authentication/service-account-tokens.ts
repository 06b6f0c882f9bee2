// Tokens of service accounts: made on request, bound to what they are for, worth nothing once that is gone.
// Upstream: kubernetes/pkg/serviceaccount/{claims,jwt}.go.

import { createHash, randomUUID } from 'node:crypto'
import {
  type CryptoKey,
  calculateJwkThumbprint,
  decodeJwt,
  exportJWK,
  importPKCS8,
  importSPKI,
  type JWK,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose'
import type { Secret } from 'kubernetes-types/core/v1'
import type { Clock } from '../../../base/clock.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import type { UserInfo } from '../request-path/request-context.ts'
import type { TokenAuthenticator, TokenHolder } from './authenticator.ts'
import { assertNotInvalidated } from './legacy-token-use.ts'

export interface TokenSubject {
  namespace: string
  name: string
  uid: string
  pod?: Reference | undefined
  node?: Reference | undefined
  secret?: Reference | undefined
}

export interface Reference {
  name: string
  uid: string
}

export interface ServiceAccountTokensOptions {
  privateKeyPem: string
  publicKeyPem: string
  issuer: string
  clock: Clock
  /** The object as it is now; undefined when it is gone. */
  find(
    resource: 'serviceaccounts' | 'pods' | 'secrets' | 'nodes',
    namespace: string,
    name: string,
  ): KubeObject | undefined
  /** A token that lies in a Secret has been shown. */
  onLegacyUse(secret: Secret): void
}

const KEPT = 500
/** Of tokens that lie in Secrets, as they were before there were others. */
const LEGACY_ISSUER = 'kubernetes/serviceaccount'
const LEGACY = 'kubernetes.io/serviceaccount/'
const ALGORITHMS: Readonly<Record<string, string>> = { RSA: 'RS256', EC: 'ES256', OKP: 'EdDSA' }

export class ServiceAccountTokens implements TokenAuthenticator {
  readonly name = 'ServiceAccount'
  readonly #options: ServiceAccountTokensOptions
  readonly #privateKey: CryptoKey
  readonly #publicKey: CryptoKey
  readonly #keyId: string
  readonly algorithm: string
  /** As it is published. */
  readonly publicJwk: JWK
  /** Signatures that have been checked; whether the subject still lives is asked every time. */
  readonly #checked = new Map<string, JWTPayload>()

  private constructor(
    options: ServiceAccountTokensOptions,
    keys: { privateKey: CryptoKey; publicKey: CryptoKey; keyId: string; algorithm: string; publicJwk: JWK },
  ) {
    this.#options = options
    this.#privateKey = keys.privateKey
    this.#publicKey = keys.publicKey
    this.#keyId = keys.keyId
    this.algorithm = keys.algorithm
    this.publicJwk = keys.publicJwk
  }

  static async open(options: ServiceAccountTokensOptions): Promise<ServiceAccountTokens> {
    const { publicKey, algorithm } = await importPublic(options.publicKeyPem)
    const privateKey = await importPKCS8(options.privateKeyPem, algorithm)
    const jwk = await exportJWK(publicKey)
    const keyId = await calculateJwkThumbprint(jwk)
    const publicJwk = { use: 'sig', ...jwk, kid: keyId, alg: algorithm }
    return new ServiceAccountTokens(options, { privateKey, publicKey, keyId, algorithm, publicJwk })
  }

  get issuer(): string {
    return this.#options.issuer
  }

  async issue(subject: TokenSubject, lifetime: { audiences: readonly string[]; seconds: number }) {
    const { clock, issuer } = this.#options
    const issuedAt = Math.floor(clock.now() / 1000)
    const expiresAt = issuedAt + lifetime.seconds
    const { namespace, name, uid, pod, node, secret } = subject
    const token = await new SignJWT({
      aud: [...lifetime.audiences],
      exp: expiresAt,
      iat: issuedAt,
      iss: issuer,
      jti: randomUUID(),
      'kubernetes.io': {
        namespace,
        ...(node ? { node } : {}),
        ...(pod ? { pod } : {}),
        ...(secret ? { secret } : {}),
        serviceaccount: { name, uid },
      },
      nbf: issuedAt,
      sub: `system:serviceaccount:${namespace}:${name}`,
    })
      .setProtectedHeader({ alg: this.algorithm, kid: this.#keyId })
      .sign(this.#privateKey)
    return { token, expiresAt }
  }

  async authenticate(token: string, audiences: readonly string[]): Promise<TokenHolder | undefined> {
    // What is in here was ours: most requests come with a token that has been seen.
    const digest = createHash('sha256').update(token).digest('base64')
    const known = this.#checked.get(digest)
    if (!known && !this.#isMine(token)) return undefined
    const payload = known ?? (await this.#check(token, digest))
    if (payload.iss === LEGACY_ISSUER) return this.#legacyHolder(token, payload, audiences)
    const told = typeof payload.aud === 'string' ? [payload.aud] : (payload.aud ?? [])
    const good = audiences.filter((one) => told.includes(one))
    if (good.length === 0)
      throw new Error(`token audiences [${told}] is invalid for the target audiences [${audiences}]`)
    const now = this.#options.clock.now() / 1000
    if (payload.exp === undefined || payload.exp <= now) throw new Error('service account token has expired')
    if ((payload.nbf ?? 0) > now + 1) throw new Error('service account token is not valid yet')
    return { user: this.#liveUser(payload), audiences: good }
  }

  #isMine(token: string): boolean {
    try {
      const { iss } = decodeJwt(token)
      return iss === this.#options.issuer || iss === LEGACY_ISSUER
    } catch {
      return false
    }
  }

  async #check(token: string, digest: string): Promise<JWTPayload> {
    const { payload } = await jwtVerify(token, this.#publicKey, {
      issuer: [this.#options.issuer, LEGACY_ISSUER],
      currentDate: new Date(this.#options.clock.now()),
      algorithms: [this.algorithm],
    })
    this.#checked.set(digest, payload)
    if (this.#checked.size > KEPT) {
      const [oldest] = this.#checked.keys()
      if (oldest !== undefined) this.#checked.delete(oldest)
    }
    return payload
  }

  /** It does not expire, and is for this server alone; it is worth as much as the Secret that holds it. */
  #legacyHolder(token: string, payload: JWTPayload, audiences: readonly string[]): TokenHolder {
    const told = (field: string) => String(payload[`${LEGACY}${field}`] ?? '')
    const [namespace, name, uid] = [told('namespace'), told('service-account.name'), told('service-account.uid')]
    const good = audiences.filter((one) => one === this.#options.issuer)
    if (good.length === 0)
      throw new Error(`a token without audiences is invalid for the target audiences [${audiences}]`)
    if (payload.sub !== `system:serviceaccount:${namespace}:${name}`) throw new Error('the token names two accounts')
    this.#assertLives('serviceaccounts', namespace, { name, uid })
    const secret = this.#options.find('secrets', namespace, told('secret.name')) as Secret | undefined
    if (!secret || secret.metadata?.deletionTimestamp) throw new Error('the token’s Secret has been deleted')
    if (Buffer.from(secret.data?.token ?? '', 'base64').toString() !== token) {
      throw new Error('the token is not the one in its Secret')
    }
    this.#options.onLegacyUse(secret)
    assertNotInvalidated(secret, name)
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
    return { user: { name: payload.sub, uid, groups }, audiences: good }
  }

  #liveUser(payload: JWTPayload): UserInfo {
    const told = payload['kubernetes.io'] as
      | { namespace?: string; serviceaccount?: Reference; pod?: Reference; node?: Reference; secret?: Reference }
      | undefined
    const { namespace, serviceaccount, pod, node, secret } = told ?? {}
    if (!namespace || !serviceaccount) throw new Error('the token names no service account')
    this.#assertLives('serviceaccounts', namespace, serviceaccount)
    if (pod) this.#assertLives('pods', namespace, pod)
    if (secret) this.#assertLives('secrets', namespace, secret)
    // A pod's token names its node only to tell where it is; the pod is what it lives by.
    if (node && !pod) this.#assertLives('nodes', '', node)
    return {
      name: `system:serviceaccount:${namespace}:${serviceaccount.name}`,
      uid: serviceaccount.uid,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
      extra: {
        'authentication.kubernetes.io/credential-id': [`JTI=${payload.jti ?? ''}`],
        ...(pod
          ? {
              'authentication.kubernetes.io/pod-name': [pod.name],
              'authentication.kubernetes.io/pod-uid': [pod.uid],
            }
          : {}),
        ...(node
          ? {
              'authentication.kubernetes.io/node-name': [node.name],
              'authentication.kubernetes.io/node-uid': [node.uid],
            }
          : {}),
      },
    }
  }

  #assertLives(
    resource: Parameters<ServiceAccountTokensOptions['find']>[0],
    namespace: string,
    { name, uid }: Reference,
  ): void {
    const object = this.#options.find(resource, namespace, name)
    const place = `${resource} ${namespace ? `${namespace}/` : ''}${name}`
    if (!object) throw new Error(`${place} does not exist`)
    if (object.metadata?.uid !== uid) throw new Error(`${place} is another one than the token was made for`)
    // A minute after its time is up a deleted pod's token stops working, even if the pod lingers.
    const { deletionTimestamp } = object.metadata
    if (deletionTimestamp && this.#options.clock.now() > Date.parse(deletionTimestamp) + 60_000) {
      throw new Error(`${place} has been deleted`)
    }
  }
}

async function importPublic(pem: string): Promise<{ publicKey: CryptoKey; algorithm: string }> {
  // The algorithm follows from the kind of key, which only the key itself knows.
  for (const algorithm of Object.values(ALGORITHMS)) {
    try {
      const publicKey = await importSPKI(pem, algorithm, { extractable: true })
      return { publicKey, algorithm }
    } catch {
      // Not of this kind.
    }
  }
  throw new Error('the service account key is neither RSA nor EC P-256 nor Ed25519')
}
