// Signs what somebody else has asked for with a PKCS#10 request: their key, their names, the usages that were granted.
// Upstream: kubernetes/pkg/controller/certificates/{signer,authority}.

import 'reflect-metadata'
import { randomBytes, webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import type { Clock } from '../../base/clock.ts'

export type SigningAlgorithm = { name: string; hash: string; namedCurve?: string }

export interface SigningAuthority {
  certificate: x509.X509Certificate
  key: CryptoKey
  algorithm: SigningAlgorithm
}

export interface GrantedRequest {
  /** DER of the PKCS#10 request. */
  request: ArrayBuffer
  /** As CertificateSigningRequests name them: `client auth`, `digital signature`. */
  usages: readonly string[]
  seconds: number
}

const KEY_USAGES: Readonly<Record<string, x509.KeyUsageFlags>> = {
  signing: x509.KeyUsageFlags.digitalSignature,
  'digital signature': x509.KeyUsageFlags.digitalSignature,
  'content commitment': x509.KeyUsageFlags.nonRepudiation,
  'key encipherment': x509.KeyUsageFlags.keyEncipherment,
  'key agreement': x509.KeyUsageFlags.keyAgreement,
  'data encipherment': x509.KeyUsageFlags.dataEncipherment,
}
const PURPOSES: Readonly<Record<string, string>> = {
  'client auth': x509.ExtendedKeyUsage.clientAuth,
  'server auth': x509.ExtendedKeyUsage.serverAuth,
}
const ALTERNATIVE_NAMES = '2.5.29.17'
const BACKDATED_MS = 5 * 60_000

/** PEM. */
export async function signRequest(authority: SigningAuthority, granted: GrantedRequest, clock: Clock): Promise<string> {
  x509.cryptoProvider.set(webcrypto as Crypto)
  const request = new x509.Pkcs10CertificateRequest(granted.request)
  const flags = granted.usages.reduce((all, usage) => all | (KEY_USAGES[usage] ?? 0), 0)
  const purposes = granted.usages.flatMap((usage) => PURPOSES[usage] ?? [])
  const names = request.getExtension(ALTERNATIVE_NAMES)
  const until = clock.now() + granted.seconds * 1000
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: Buffer.concat([Buffer.of(1), randomBytes(15)]).toString('hex'),
    subject: request.subjectName,
    issuer: authority.certificate.subjectName,
    notBefore: new Date(clock.now() - BACKDATED_MS),
    // Nothing outlives who signed it.
    notAfter: new Date(Math.min(until, authority.certificate.notAfter.getTime())),
    signingAlgorithm: authority.algorithm,
    publicKey: request.publicKey,
    signingKey: authority.key,
    extensions: [
      // One that is there and says nothing is invalid.
      ...(flags ? [new x509.KeyUsagesExtension(flags, true)] : []),
      new x509.ExtendedKeyUsageExtension(purposes),
      new x509.BasicConstraintsExtension(false, undefined, true),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate),
      ...(names ? [new x509.Extension(names.type, names.critical, names.value)] : []),
    ],
  })
  return `${certificate.toString('pem')}\n`
}
