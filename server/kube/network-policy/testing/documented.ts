// What the documentation says about one connection, word by word and without a thought for speed: held against what is
// written into kernels. https://kubernetes.io/docs/concepts/services-networking/network-policies/

import { BlockList, isIPv6 } from 'node:net'
import type { Namespace, Pod } from 'kubernetes-types/core/v1'
import type { LabelSelector } from 'kubernetes-types/meta/v1'
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from 'kubernetes-types/networking/v1'

export interface World {
  policies: readonly NetworkPolicy[]
  pods: readonly Pod[]
  namespaces: readonly Namespace[]
}

export interface Connection {
  from: string
  to: string
  protocol: 'TCP' | 'UDP' | 'SCTP'
  port: number
}

/** For the connection to be allowed, both the egress of the source and the ingress of the destination must allow it. */
export function isAllowed(world: World, connection: Connection): boolean {
  const { from, to } = connection
  if (from === to) return true
  const [source, destination] = [from, to].map((address) => podAt(world, address))
  const leaves = source === undefined || sideAllows(world, connection, { own: source, other: to, side: 'Egress' })
  const enters =
    destination === undefined || sideAllows(world, connection, { own: destination, other: from, side: 'Ingress' })
  return leaves && enters
}

const podAt = ({ pods }: World, address: string): Pod | undefined =>
  pods.find(({ status }) => status?.podIPs?.some(({ ip }) => ip === address))

function sideAllows(
  world: World,
  connection: Connection,
  { own, other, side }: { own: Pod; other: string; side: 'Ingress' | 'Egress' },
): boolean {
  const about = world.policies.filter(
    ({ metadata, spec }) =>
      metadata?.namespace === own.metadata?.namespace &&
      hasLabels(spec?.podSelector ?? {}, own.metadata?.labels) &&
      typesOf(spec).includes(side),
  )
  // Not isolated: everything is allowed. Isolated: whatever any of the policies allows.
  if (about.length === 0) return true
  return about.some(({ metadata, spec }) => {
    const rules =
      side === 'Ingress'
        ? (spec?.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports }))
        : (spec?.egress ?? []).map(({ to, ports }) => ({ peers: to, ports }))
    return rules.some(
      ({ peers, ports }) =>
        isOneOf(world, peers, { address: other, namespace: metadata?.namespace ?? '' }) &&
        isByOneOf(world, ports, connection),
    )
  })
}

const typesOf = (spec: NetworkPolicy['spec']): string[] =>
  spec?.policyTypes ?? (spec?.egress ? ['Ingress', 'Egress'] : ['Ingress'])

function isOneOf(
  world: World,
  peers: readonly NetworkPolicyPeer[] | undefined,
  { address, namespace }: { address: string; namespace: string },
): boolean {
  if (!peers?.length) return true
  const pod = podAt(world, address)
  const space = world.namespaces.find(({ metadata }) => metadata?.name === pod?.metadata?.namespace)
  return peers.some(({ ipBlock, podSelector, namespaceSelector }) => {
    if (ipBlock) {
      return isIn(address, ipBlock.cidr) && !(ipBlock.except ?? []).some((range) => isIn(address, range))
    }
    if (!pod) return false
    const isThere = namespaceSelector
      ? hasLabels(namespaceSelector, space?.metadata?.labels)
      : pod.metadata?.namespace === namespace
    return isThere && (!podSelector || hasLabels(podSelector, pod.metadata?.labels))
  })
}

function isByOneOf(
  world: World,
  ports: readonly NetworkPolicyPort[] | undefined,
  { to, protocol, port }: Connection,
): boolean {
  if (!ports?.length) return true
  const named = podAt(world, to)?.spec?.containers.flatMap((container) => container.ports ?? [])
  return ports.some(({ protocol: by = 'TCP', port: wanted, endPort }) => {
    if (by !== protocol) return false
    if (wanted === undefined) return true
    if (typeof wanted === 'number') return port >= wanted && port <= (endPort ?? wanted)
    return named?.some((one) => one.name === wanted && (one.protocol ?? 'TCP') === by && one.containerPort === port)
  })
}

function hasLabels({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Record<string, string> = {}) {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      if (operator === 'In') return key in labels && values.includes(labels[key]!)
      if (operator === 'NotIn') return !(key in labels && values.includes(labels[key]!))
      return operator === 'Exists' ? key in labels : !(key in labels)
    })
  )
}

function isIn(address: string, cidr: string): boolean {
  const [network = '', bits] = cidr.split('/')
  const family = isIPv6(network) ? 'ipv6' : 'ipv4'
  const range = new BlockList()
  range.addSubnet(network, Number(bits), family)
  return isIPv6(address) === (family === 'ipv6') && range.check(address, family)
}
