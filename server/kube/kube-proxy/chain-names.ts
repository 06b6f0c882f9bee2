// Names of chains that a port or an endpoint has on every node: a hash, because a chain's name may have 28 characters.
// Upstream: pkg/proxy/iptables/proxier.go, portProtoHash.

import { createHash } from 'node:crypto'

export const serviceChain = (port: string, protocol: string) => `KUBE-SVC-${hash(port + protocol)}`
export const localChain = (port: string, protocol: string) => `KUBE-SVL-${hash(port + protocol)}`
export const externalChain = (port: string, protocol: string) => `KUBE-EXT-${hash(port + protocol)}`
export const endpointChain = (port: string, protocol: string, endpoint: string) =>
  `KUBE-SEP-${hash(port + protocol + endpoint)}`

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

function hash(text: string): string {
  const digest = createHash('sha256').update(text).digest()
  let bits = 0
  let value = 0
  let result = ''
  for (const byte of digest) {
    value = (value << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      result += BASE32[(value >>> bits) & 31]
      if (result.length === 16) return result
    }
    value &= (1 << bits) - 1
  }
  return result
}
