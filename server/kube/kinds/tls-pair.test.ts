import 'reflect-metadata'
import { generateKeyPairSync, webcrypto } from 'node:crypto'
import { X509CertificateGenerator } from '@peculiar/x509'
import { expect, it } from 'vitest'
import { Secret } from './index.ts'
import { tlsPairProblem } from './tls-pair.ts'

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' }
const keys = (await webcrypto.subtle.generateKey(CURVE, true, ['sign', 'verify'])) as unknown as CryptoKeyPair
const signingAlgorithm = { ...CURVE, hash: 'SHA-256' }
const made = await X509CertificateGenerator.createSelfSigned({ name: 'CN=a', keys, signingAlgorithm })
const certificate = made.toString('pem')
const pem = (type: string, der: Buffer) => `-----BEGIN ${type}-----\n${der.toString('base64')}\n-----END ${type}-----\n`
const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey as never))
const key = pem('PRIVATE KEY', der)
const format = { type: 'pkcs1', format: 'pem' } as const
const rsa = generateKeyPairSync('rsa', {
  modulusLength: 1024,
  privateKeyEncoding: format,
  publicKeyEncoding: format,
}).privateKey
const another = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' })
const odd = pem('EC PARAMETERS', Buffer.from('x'))
const malformed = pem('CERTIFICATE', Buffer.from('x'))

it.each<[string, string, string, string | undefined]>([
  ['its own', certificate, key, undefined],
  ['with more around them', odd + certificate + malformed, odd + key, undefined],
  ['nothing', '', key, 'tls: failed to find any PEM data in certificate input'],
  ['no key', certificate, 'x', 'tls: failed to find any PEM data in key input'],
  [
    'taken for each other',
    key,
    certificate,
    'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
  ],
  [
    'a certificate twice',
    certificate,
    certificate,
    'tls: found a certificate rather than a key in the PEM for the private key',
  ],
  [
    'something else for a certificate',
    odd,
    key,
    'tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [EC PARAMETERS]',
  ],
  [
    'something else for a key',
    certificate,
    odd + odd,
    'tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: [EC PARAMETERS EC PARAMETERS]',
  ],
  ['a spoilt certificate', malformed, key, 'x509: malformed certificate'],
  ['a spoilt key', certificate, pem('EC PRIVATE KEY', Buffer.from('x')), 'tls: failed to parse private key'],
  ['a key of another kind', certificate, rsa, 'tls: private key type does not match public key type'],
  ['another key', certificate, another as string, 'tls: private key does not match public key'],
])('of a certificate and a key, %s', (_, first, second, problem) => {
  expect(tlsPairProblem(first, second)).toBe(problem)
})

it('is told to whoever makes or changes such a Secret, and only then', () => {
  const data = {
    'tls.crt': Buffer.from(certificate).toString('base64'),
    'tls.key': Buffer.from(rsa).toString('base64'),
  }
  const words = ['tls: private key type does not match public key type']
  expect(Secret.strategy.warnings?.({ type: 'kubernetes.io/tls', data })).toEqual(words)
  expect(Secret.strategy.warnings?.({ type: 'Opaque', data })).toEqual([])
})
