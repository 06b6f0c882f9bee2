// Signs tokens of service accounts that do not expire, for the Secrets in which somebody asks for one.
// Upstream: kubernetes/pkg/serviceaccount/legacy.go.

import { createPrivateKey } from 'node:crypto'
import { importPKCS8, SignJWT } from 'jose'
import type { SignLegacyToken } from '../controllers/serviceaccount-token/index.ts'

const ISSUER = 'kubernetes/serviceaccount'
const ALGORITHMS: Readonly<Record<string, string>> = { rsa: 'RS256', ec: 'ES256', ed25519: 'EdDSA' }

export function legacyTokenSigner(privateKeyPem: string): SignLegacyToken {
  const key = createPrivateKey(privateKeyPem)
  const alg = ALGORITHMS[key.asymmetricKeyType ?? '']
  if (!alg) throw new Error(`a service account key of type ${key.asymmetricKeyType} cannot sign tokens`)
  const imported = importPKCS8(key.export({ type: 'pkcs8', format: 'pem' }).toString(), alg)
  return async ({ namespace, secret, account, uid }) =>
    new SignJWT({
      iss: ISSUER,
      'kubernetes.io/serviceaccount/namespace': namespace,
      'kubernetes.io/serviceaccount/secret.name': secret,
      'kubernetes.io/serviceaccount/service-account.name': account,
      'kubernetes.io/serviceaccount/service-account.uid': uid,
      sub: `system:serviceaccount:${namespace}:${account}`,
    })
      .setProtectedHeader({ alg })
      .sign(await imported)
}
