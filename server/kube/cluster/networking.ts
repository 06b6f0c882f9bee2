// Addresses and ports of a cluster. Every learner may use the same pod and service ranges: nothing outside a
// learner's own network ever sees them (machines masquerade towards the gateway).

import { holdsAddress } from '../apimachinery/ip-rules.ts'
import type { MachineNetwork } from './machine-provider.ts'

export interface ClusterNetworking {
  /** Of the API server on the gateway of the cluster's network. */
  apiPort: number
  clusterCidr: string
  serviceCidr: string
  /** Of clusters with two address families. */
  second: { clusterCidr: string; serviceCidr: string }
  /** First address of the service range: the Service `kubernetes`. */
  apiServiceAddress: string
  clusterDns: string
  clusterDomain: string
  dnsPort: number
  kubeletPort: number
  nodePortRange: [number, number]
}

export const NETWORKING: ClusterNetworking = {
  apiPort: 6443,
  clusterCidr: '10.244.0.0/16',
  serviceCidr: '10.96.0.0/12',
  second: { clusterCidr: 'fd00:10:244::/56', serviceCidr: 'fd00:10:96::/112' },
  apiServiceAddress: '10.96.0.1',
  clusterDns: '10.96.0.10',
  clusterDomain: 'cluster.local',
  dnsPort: 53,
  kubeletPort: 10250,
  nodePortRange: [30000, 32767],
}

/** Pods and Services have nothing else; machines keep what is under them. */
const SIX_ALONE: ClusterNetworking = {
  ...NETWORKING,
  ...NETWORKING.second,
  apiServiceAddress: 'fd00:10:96::1',
  clusterDns: 'fd00:10:96::a',
}

export type IpFamilyChoice = 'ipv4' | 'ipv6' | 'dual'

/** Of a cluster in which nothing runs: room for 8192 nodes, where the usual range has room for 256. */
const RANGE_OF_MANY_NODES = '10.224.0.0/11'
const ROOM_FOR_NODES = 256

/** Machines know the usual range; nodes that are only simulated do not care. A second family has no wider one. */
export function networkingFor(spec: {
  nodes: number
  simulatedNodes: number
  ipFamily?: IpFamilyChoice
}): ClusterNetworking {
  if (spec.ipFamily === 'ipv6') return SIX_ALONE
  const isUsual = spec.nodes > 0 || spec.simulatedNodes <= ROOM_FOR_NODES || spec.ipFamily === 'dual'
  return isUsual ? NETWORKING : { ...NETWORKING, clusterCidr: RANGE_OF_MANY_NODES }
}

/** As components are told: one range, or one of each family with a comma between them. */
export function rangesOf(networking: ClusterNetworking, ipFamily: IpFamilyChoice | undefined) {
  const { clusterCidr, serviceCidr, second } = networking
  if (ipFamily !== 'dual') return { clusterCidr, serviceCidr }
  return { clusterCidr: `${clusterCidr},${second.clusterCidr}`, serviceCidr: `${serviceCidr},${second.serviceCidr}` }
}

/** An address of IPv6 for one of the machines' network: the same, behind a prefix that is nobody else's. */
export const secondAddressOf = (address: string): string => {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
  return `fd00:10:160::${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
}

/** Whether an address, of either family, is one of a machine on a network, and not this host's own on it. */
export function isMachineAddress({ subnet, gatewayAddress }: MachineSubnet, address: string): boolean {
  if (address === gatewayAddress || address === secondAddressOf(gatewayAddress)) return false
  const [first = '', bits = ''] = subnet.split('/')
  return holdsAddress(subnet, address) || holdsAddress(`${secondAddressOf(first)}/${96 + Number(bits)}`, address)
}

/** Of the nth machine of a network, wherever it stands. */
export function machineAddressOf(gatewayAddress: string, ordinal: number): string {
  const [a = 0, b = 0, c = 0, gateway = 0] = gatewayAddress.split('.').map(Number)
  if (!Number.isInteger(ordinal) || ordinal < 0 || ordinal > 110) throw new Error(`no address for machine ${ordinal}`)
  return [a, b, c, gateway + 10 + ordinal].join('.')
}

/** Of a node by its name; undefined where it can be no machine of the network. */
export function addressOfNode(gatewayAddress: string, node: string): string | undefined {
  const ordinal = Number(/^node-([1-9]\d{0,2})$/.exec(node)?.[1])
  return ordinal <= 110 ? machineAddressOf(gatewayAddress, ordinal) : undefined
}

type MachineSubnet = Pick<MachineNetwork, 'subnet' | 'gatewayAddress'>

/** Of the nth simulated node: nobody has an address in the range for measurements of networks (RFC 2544). */
export const hollowAddress = (n: number): string => `198.${18 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`
