// Authorities that a conversion webhook is believed by: as long as nothing depends on them they may be anything, and
// what they define is not served. Upstream: client-go/transport/transport.go rootCertPool.

import { X509Certificate } from 'node:crypto'

// Nothing within is a dash: else each beginning without an end would be looked through to the end of the text.
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g

/** Undefined when one of them can be read, or there are none. */
export function caBundleProblem(base64: string | undefined): string | undefined {
  const text = Buffer.from(base64 ?? '', 'base64').toString('latin1')
  if (text === '') return undefined
  const blocks = [...text.matchAll(BLOCK)]
  const certificates = blocks.filter(([, type]) => type === 'CERTIFICATE').map(([pem]) => pem)
  if (certificates.some(isReadable)) return undefined
  const why =
    blocks.length === 0
      ? 'unable to parse bytes as PEM block'
      : certificates.length > 0
        ? 'failed to parse certificate: x509: malformed certificate'
        : 'no valid certificate authority data seen'
  return `unable to load root certificates: ${why}`
}

function isReadable(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined
  } catch {
    return false
  }
}
