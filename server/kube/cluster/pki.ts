// A cluster's certificates: one CA, and what it signs, under the file names that kubeadm uses.
// Keys are ECDSA P-256, except the service-account key, which is RSA because tokens are signed RS256.

import 'reflect-metadata'
import { createPrivateKey, type KeyObject, randomBytes, webcrypto, X509Certificate } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import * as x509 from '@peculiar/x509'
import { allDone } from '../../base/all-done.ts'
import type { Clock } from '../../base/clock.ts'
import {
  type KeyPairPem,
  publicPemOf,
  readAuthority,
  readPair,
  readServiceAccountKey,
  type ServiceAccountKeyPem,
  writeAuthority,
  writePair,
  writeServiceAccountKey,
} from './pki-files.ts'
import { type GrantedRequest, signRequest } from './request-signer.ts'
import { makeServiceAccountKey } from './service-account-keys.ts'

export type { KeyPairPem } from './pki-files.ts'

export interface CertificateRequest {
  commonName: string
  /** Groups, for client certificates. */
  organizations?: string[]
  usages: ('client' | 'server')[]
  dnsNames?: string[]
  ipAddresses?: string[]
}

export interface Certificates {
  caPem: string
  /** Signs a fresh key; nothing is kept on disk. */
  issue(request: CertificateRequest): Promise<KeyPairPem>
  /**
   * The pair kept under `name`.crt and `name`.key, made when it is missing, spoilt, another authority's, not valid now,
   * has less than a third of its life left, or lacks one of the names.
   */
  keep(name: string, request: CertificateRequest): Promise<KeyPairPem>
  /** Signs what somebody else has made a key for. */
  sign(granted: GrantedRequest): Promise<string>
}

export interface Pki extends Certificates {
  serviceAccounts: ServiceAccountKeyPem
}

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const YEAR_MS = 365 * 24 * 3600_000

interface PkiOptions {
  directory: string
  clock: Clock
}

/** A cluster's certificates and its service-account key. */
export async function openPki(options: PkiOptions & { makeKey?: () => Promise<string> }): Promise<Pki> {
  const { directory, makeKey = makeServiceAccountKey } = options
  await makeDirectory(directory)
  const [certificates, serviceAccounts] = await allDone(
    openCertificates(options),
    openServiceAccountKey(directory, makeKey),
  )
  return { ...certificates, serviceAccounts }
}

/** Opens the certificates in `directory`, making the CA when there is none. */
export async function openCertificates({ directory, clock }: PkiOptions): Promise<Certificates> {
  await makeDirectory(directory)
  x509.cryptoProvider.set(webcrypto as Crypto)
  const authority = await openAuthority(directory, clock)
  const authorityKey = new X509Certificate(authority.pem).publicKey
  const issue = (request: CertificateRequest) => sign(authority, request, clock)
  return {
    caPem: authority.pem,
    issue,
    sign: (granted) => signRequest({ ...authority, algorithm: EC }, granted, clock),
    keep: async (name, request) => {
      const kept = await readPair(directory, name)
      if (kept && isGoodFor(kept, request, { authorityKey, clock })) return kept
      const pair = await issue(request)
      await writePair(directory, name, pair)
      return pair
    },
  }
}

/** Whether it lasts and names everything that it is asked to name: a network may have moved. */
function isGoodFor(
  { certPem, keyPem }: KeyPairPem,
  { dnsNames = [], ipAddresses = [] }: CertificateRequest,
  { authorityKey, clock }: { authorityKey: KeyObject; clock: Clock },
) {
  try {
    const certificate = new X509Certificate(certPem)
    const from = certificate.validFromDate.getTime()
    const to = certificate.validToDate.getTime()
    return (
      // A clock that was ahead once has made it for later.
      from <= clock.now() &&
      to - clock.now() > (to - from) / 3 &&
      certificate.checkPrivateKey(createPrivateKey(keyPem)) &&
      certificate.verify(authorityKey) &&
      dnsNames.every((name) => certificate.checkHost(name)) &&
      ipAddresses.every((address) => certificate.checkIP(address))
    )
  } catch {
    return false // half of one, after a power cut
  }
}

interface Authority {
  pem: string
  certificate: x509.X509Certificate
  key: CryptoKey
}

async function openAuthority(directory: string, clock: Clock): Promise<Authority> {
  const kept = await readAuthority(directory, clock)
  if (kept) {
    const key = await webcrypto.subtle.importKey('pkcs8', derOf(kept.keyPem), EC, true, ['sign'])
    return { pem: kept.certPem, certificate: new x509.X509Certificate(kept.certPem), key: key as CryptoKey }
  }
  const keys = (await webcrypto.subtle.generateKey(EC, true, ['sign', 'verify'])) as CryptoKeyPair
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: 'CN=kubernetes',
    ...validity(clock, 10),
    signingAlgorithm: EC,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment | x509.KeyUsageFlags.keyCertSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  const pair = { certPem: `${certificate.toString('pem')}\n`, keyPem: await pemOfKey(keys.privateKey) }
  await writeAuthority(directory, pair)
  return { pem: pair.certPem, certificate, key: keys.privateKey }
}

async function sign(authority: Authority, request: CertificateRequest, clock: Clock): Promise<KeyPairPem> {
  const keys = (await webcrypto.subtle.generateKey(EC, true, ['sign', 'verify'])) as CryptoKeyPair
  const names = [
    ...(request.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(request.ipAddresses ?? []).map((value) => ({ type: 'ip' as const, value })),
  ]
  const purposes = { client: x509.ExtendedKeyUsage.clientAuth, server: x509.ExtendedKeyUsage.serverAuth }
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    // As a structure, not as text: a name may hold characters that the text form would have to escape.
    subject: [...(request.organizations ?? []).map((o) => ({ O: [o] })), { CN: [request.commonName] }],
    issuer: authority.certificate.subject,
    ...validity(clock, 1),
    signingAlgorithm: EC,
    publicKey: keys.publicKey,
    signingKey: authority.key,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension(request.usages.map((usage) => purposes[usage])),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  })
  return { certPem: `${certificate.toString('pem')}\n`, keyPem: await pemOfKey(keys.privateKey) }
}

async function openServiceAccountKey(directory: string, makeKey: () => Promise<string>): Promise<ServiceAccountKeyPem> {
  const kept = await readServiceAccountKey(directory)
  if (kept) return kept
  const privateKeyPem = await makeKey()
  const made = { privateKeyPem, publicKeyPem: publicPemOf(privateKeyPem) }
  await writeServiceAccountKey(directory, made)
  return made
}

/** Positive and never zero, as RFC 5280 wants it. */
const serial = () => Buffer.concat([Buffer.of(1), randomBytes(15)]).toString('hex')

/** Starts a little in the past: clocks of machines differ. */
const validity = (clock: Clock, years: number) => ({
  notBefore: new Date(clock.now() - 5 * 60_000),
  notAfter: new Date(clock.now() + years * YEAR_MS),
})

const makeDirectory = (directory: string) => mkdir(directory, { recursive: true, mode: 0o700 })

const derOf = (pem: string) => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')

async function pemOfKey(key: CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`
}
