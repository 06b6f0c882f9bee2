// Requests for certificates, as spec.request holds them.

import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

// What `openssl req -new` writes for /O=class-a/CN=otter with an ECDSA key.

/** The same of the node node-3. */
export const NODE_CERTIFICATE_REQUEST = Buffer.from(`-----BEGIN CERTIFICATE REQUEST-----
MIHvMIGWAgEAMDQxFTATBgNVBAoMDHN5c3RlbTpub2RlczEbMBkGA1UEAwwSc3lz
dGVtOm5vZGU6bm9kZS0zMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEugu7JQ4w
K31ZT+q/YPR+DpS3lkAU4mg2Xg218VCLeB8LeRuoT2KgUNHHmam2K7J8GPCX046W
iF4GXJ/RhfVpBqAAMAoGCCqGSM49BAMCA0gAMEUCIQCImhCtlLLMNjCYPkk2V2CE
fytt5UtIy/1p7qTNkTK/HQIgYzrjc5mDbG3e8xliG1/MNGrji6iThdex3bUBlpQA
9Gc=
-----END CERTIFICATE REQUEST-----
`).toString('base64')

const PEM = `-----BEGIN CERTIFICATE REQUEST-----
MIHdMIGEAgEAMCIxEDAOBgNVBAoMB2NsYXNzLWExDjAMBgNVBAMMBW90dGVyMFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE4apSHSfEXTvLIU7Oonyji/f02CZ7b5O8
743l16P/zA8OdvR135g+KqvQIpAGmKHuN0BaNjp4QUbcgkZ94IJosKAAMAoGCCqG
SM49BAMCA0gAMEUCIQDjA7JJ0SVyVUTEtXUa5fT/oU8r/ASMaphTme/s0VJfJgIg
SDsi7eIHxKqxpFp2xaeKoZJ0pS5GBfD5JliHfPgsUrA=
-----END CERTIFICATE REQUEST-----
`

export const CERTIFICATE_REQUEST = Buffer.from(PEM).toString('base64')

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

export async function certificateRequestFor(commonName: string, organizations: string[]): Promise<string> {
  x509.cryptoProvider.set(webcrypto as Crypto)
  const keys = (await webcrypto.subtle.generateKey(EC, true, ['sign', 'verify'])) as CryptoKeyPair
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [...organizations.map((o) => ({ O: [o] })), { CN: [commonName] }],
    keys,
    signingAlgorithm: EC,
  })
  return Buffer.from(request.toString('pem')).toString('base64')
}
