// Names of chains that a port or an endpoint has on every node: a hash, because a chain's name may have 28 characters.
// Upstream: pkg/proxy/iptables/proxier.go, portProtoHash.

import { sha256Base32 } from '../sha256-base32.ts'

export const serviceChain = (port: string, protocol: string) => `KUBE-SVC-${hash(port + protocol)}`
export const localChain = (port: string, protocol: string) => `KUBE-SVL-${hash(port + protocol)}`
export const externalChain = (port: string, protocol: string) => `KUBE-EXT-${hash(port + protocol)}`
export const firewallChain = (port: string, protocol: string) => `KUBE-FW-${hash(port + protocol)}`
export const endpointChain = (port: string, protocol: string, endpoint: string) =>
  `KUBE-SEP-${hash(port + protocol + endpoint)}`

const hash = (text: string) => sha256Base32(text, 16)
