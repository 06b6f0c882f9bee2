// How kube-public/cluster-info is signed with a bootstrap token, by who makes the token and who holds it.
// Upstream: k8s.io/cluster-bootstrap/token/jws.

import { createHmac } from 'node:crypto'

/** RFC 7515, appendix F: a compact JWS without its middle, which the reader has. Readers compare it letter by letter. */
export function detachedSignature(content: string, tokenId: string, tokenSecret: string): string {
  const encoded = (text: string) => Buffer.from(text).toString('base64url')
  const header = encoded(JSON.stringify({ alg: 'HS256', kid: tokenId }))
  const signature = createHmac('sha256', tokenSecret)
    .update(`${header}.${encoded(content)}`)
    .digest('base64url')
  return `${header}..${signature}`
}
