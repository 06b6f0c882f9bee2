// A request for a certificate, as openssl and kubelets make it: PKCS#10 in PEM. Its signature shows that whoever asks
// has the key. Upstream: pkg/apis/certificates/v1/helpers.go ParseCSR.

import 'reflect-metadata'
import { constants, createPublicKey, verify } from 'node:crypto'
import { Pkcs10CertificateRequest } from '@peculiar/x509'

const PEM = /-----BEGIN CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE REQUEST-----/
const NO_PEM = 'PEM block type must be CERTIFICATE REQUEST'

/** `base64` is spec.request: the PEM, encoded once more. Throws with the reason. */
export function parseCertificateRequest(base64: string): Pkcs10CertificateRequest {
  const body = PEM.exec(Buffer.from(base64, 'base64').toString('latin1'))?.[1]
  if (!body) throw new Error(NO_PEM)
  return new Pkcs10CertificateRequest(Buffer.from(body, 'base64'))
}

export function certificateRequestProblem(base64: string): string | undefined {
  try {
    return signatureProblem(parseCertificateRequest(base64))
  } catch (err) {
    return err instanceof Error ? err.message : String(err)
  }
}

/** In the words of Go's crypto/x509 and crypto/rsa. */
const BADLY_SIGNED: Readonly<Record<string, string>> = {
  ec: 'x509: ECDSA verification failure',
  ed25519: 'x509: Ed25519 verification failure',
  rsa: 'crypto/rsa: verification error',
}

function signatureProblem(request: Pkcs10CertificateRequest): string | undefined {
  const whole = Buffer.from(request.rawData)
  const key = createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' })
  const { hash, name } = request.signatureAlgorithm
  const algorithm = name === 'Ed25519' || name === 'EdDSA' ? null : hash.name.replace('-', '')
  // Web crypto's form is two numbers side by side; the request itself holds DER, as its last element.
  const padded = name === 'RSA-PSS' && {
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  }
  if (verify(algorithm, signedPart(whole), { key, dsaEncoding: 'der', ...padded }, lastBitString(whole)))
    return undefined
  return BADLY_SIGNED[key.asymmetricKeyType ?? ''] ?? 'x509: cannot verify signature: algorithm unimplemented'
}

/** The first element within the outermost one, header and all. */
function signedPart(der: Buffer): Buffer {
  const outer = elementAt(der, 0)
  const inner = elementAt(der, outer.content)
  return der.subarray(outer.content, inner.end)
}

/** tbs, algorithm, signature: the third, without the byte that counts unused bits. */
function lastBitString(der: Buffer): Buffer {
  const outer = elementAt(der, 0)
  const algorithm = elementAt(der, elementAt(der, outer.content).end)
  const signature = elementAt(der, algorithm.end)
  return der.subarray(signature.content + 1, signature.end)
}

function elementAt(der: Buffer, offset: number): { content: number; end: number } {
  const first = der.readUInt8(offset + 1)
  if (first < 0x80) return { content: offset + 2, end: offset + 2 + first }
  const count = first & 0x7f
  const content = offset + 2 + count
  return { content, end: content + der.readUIntBE(offset + 2, count) }
}
