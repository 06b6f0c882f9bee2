// An authority from the files of kube-controller-manager's flags, RSA or elliptic, in whichever form openssl wrote the key.
// Upstream: kubernetes/cmd/kube-controller-manager/app/certificates.go, pkg/controller/certificates/authority.

import 'reflect-metadata'
import { createPrivateKey, type KeyObject, webcrypto, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import * as x509 from '@peculiar/x509'
import type { Clock } from '../../base/clock.ts'
import { goDurationMs } from '../apimachinery/go-duration.ts'
import { type GrantedRequest, type SigningAlgorithm, type SigningAuthority, signRequest } from './request-signer.ts'

export interface SigningFlags {
  clusterSigningCertFile?: string
  clusterSigningKeyFile?: string
  /** The longest that a certificate may last. */
  clusterSigningDuration?: string
}

/** Undefined when no authority is named: then nobody signs. Throws in words for whoever wrote the flags. */
export async function signerOf(
  flags: SigningFlags,
  clock: Clock,
): Promise<((granted: GrantedRequest) => Promise<string>) | undefined> {
  const { clusterSigningCertFile: certFile, clusterSigningKeyFile: keyFile, clusterSigningDuration = '8760h' } = flags
  if (!certFile && !keyFile) return undefined
  if (!certFile || !keyFile) {
    throw new Error('--cluster-signing-cert-file and --cluster-signing-key-file go together: set both, or neither')
  }
  const longestMs = goDurationMs(clusterSigningDuration)
  if (!longestMs) throw new Error(`--cluster-signing-duration: "${clusterSigningDuration}" is no time such as 8760h`)
  const [certPem, keyPem] = [await readFile(certFile, 'utf8'), await readFile(keyFile, 'utf8')]
  const authority = await readAuthority(certPem, keyPem).catch((err: Error) => {
    throw new Error(`--cluster-signing-cert-file ${certFile}, --cluster-signing-key-file ${keyFile}: ${err.message}`)
  })
  return ({ seconds, ...granted }) =>
    signRequest(authority, { ...granted, seconds: Math.min(seconds, longestMs / 1000) }, clock)
}

async function readAuthority(certPem: string, keyPem: string): Promise<SigningAuthority> {
  x509.cryptoProvider.set(webcrypto as Crypto)
  const key = createPrivateKey(keyPem)
  if (!new X509Certificate(certPem).checkPrivateKey(key)) throw new Error('the key is not the certificate’s')
  const algorithm = algorithmOf(key)
  const der = key.export({ type: 'pkcs8', format: 'der' })
  const imported = await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign'])
  return { certificate: new x509.X509Certificate(certPem), key: imported as CryptoKey, algorithm }
}

const CURVES: Readonly<Record<string, SigningAlgorithm>> = {
  prime256v1: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  secp384r1: { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  secp521r1: { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' },
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): SigningAlgorithm {
  if (asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const curve = CURVES[asymmetricKeyDetails?.namedCurve ?? '']
  if (!curve) throw new Error(`a key of type ${asymmetricKeyType} cannot sign here: RSA and elliptic curves can`)
  return curve
}
