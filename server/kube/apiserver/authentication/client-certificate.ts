// Client certificates: the common name is the user, each organization a group.
// Upstream: apiserver/pkg/authentication/request/x509/x509.go.

import { X509Certificate } from 'node:crypto'
import type { PresentedCertificate } from '../request-path/api-request.ts'
import type { UserInfo } from '../request-path/request-context.ts'

/** What Node says of a chain it does not accept, in Go's words, which is what people search for. */
const WORDS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'certificate has expired or is not yet valid',
  CERT_NOT_YET_VALID: 'certificate has expired or is not yet valid',
  INVALID_PURPOSE: 'certificate specifies an incompatible key usage',
}

/** Undefined when it names nobody. Throws when it is not to be believed. */
export function userOfCertificate(certificate: PresentedCertificate, clientCaPem?: string): UserInfo | undefined {
  assertIssued(certificate, clientCaPem)
  const { commonName, organizations, fingerprint } = certificate
  if (!commonName) return undefined
  return {
    name: commonName,
    groups: [...organizations],
    extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprint}`] },
  }
}

/** `caPem`: which of several authorities must have signed it. */
export function assertIssued({ problem, raw }: PresentedCertificate, caPem?: string): void {
  if (problem !== undefined) {
    throw new Error(`x509: ${WORDS[problem] ?? 'certificate signed by unknown authority'} (${problem})`)
  }
  if (caPem === undefined) return
  const certificate = new X509Certificate(raw)
  const authority = new X509Certificate(caPem)
  if (!certificate.checkIssued(authority) || !certificate.verify(authority.publicKey)) {
    throw new Error('x509: certificate signed by unknown authority')
  }
}
