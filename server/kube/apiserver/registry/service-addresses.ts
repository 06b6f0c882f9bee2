// Cluster IPs and node ports: given out once, held by claims in the store. The claim of a cluster IP is its IPAddress.
//
// Who asks for nothing gets something from the upper part of the range; the lower part is left to those who ask for a
// certain address (cluster DNS). Upstream: kubernetes/pkg/registry/core/service/{storage/alloc.go,ipallocator}.

import { randomInt, randomUUID } from 'node:crypto'
import type { Service, ServiceSpec } from 'kubernetes-types/core/v1'
import { type Clock, isoTime } from '../../../base/clock.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { type FieldError, fieldError, internalError, invalid } from '../../apimachinery/status-error.ts'
import { IPAddress } from '../../kinds/index.ts'
import { serviceIpAddress } from '../../kinds/ip-address.ts'
import type { WireServiceCIDR } from '../../kinds/service-cidr.ts'
import { encodeStored } from '../watch-cache/entry.ts'
import type { ResourceCache } from '../watch-cache/resource-cache.ts'
import type { ClaimChange, Claims } from './claims.ts'
import { Ipv4Range } from './ipv4-range.ts'
import { storagePrefix } from './storage-keys.ts'

export interface AddressRanges {
  serviceClusterIpRange: string
  nodePortRange: readonly [number, number]
}

const IP_CLAIM = storagePrefix(IPAddress)
const PORT_CLAIM = '/registry/ranges/servicenodeports/'
const NOTHING = Buffer.alloc(0)
const TRIES = 64

const needsAddress = (spec: ServiceSpec) => spec.type !== 'ExternalName' && spec.clusterIP !== 'None'
const needsNodePorts = (spec: ServiceSpec) =>
  spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)

export function serviceAddresses(
  cache: ResourceCache,
  ranges: AddressRanges & { addresses: ResourceCache; cidrs: ResourceCache; clock: Clock },
): Claims {
  const known = new Map<string, Ipv4Range>([
    [ranges.serviceClusterIpRange, new Ipv4Range(ranges.serviceClusterIpRange)],
  ])
  const [firstPort, lastPort] = ranges.nodePortRange

  return { allocate, heldBy }

  function heldBy(object: KubeObject): string[] {
    const { spec } = object as Service
    if (!spec) return []
    const held: string[] = []
    if (needsAddress(spec) && spec.clusterIP) held.push(IP_CLAIM + spec.clusterIP)
    const ports = new Set((spec.ports ?? []).flatMap(({ nodePort }) => (nodePort ? [nodePort] : [])))
    for (const port of ports) held.push(PORT_CLAIM + port)
    return held
  }

  function allocate(next: KubeObject, previous: KubeObject | undefined): ClaimChange {
    const service = next as Service
    const before = previous as Service | undefined
    const { spec } = service
    if (!spec) return { take: [], release: [] }
    if (before?.spec) carryOver(spec, before.spec)
    const own = new Set(previous ? heldBy(previous) : [])
    const taken = claimsOfOthers(service)
    const errors: FieldError[] = []
    if (needsAddress(spec)) errors.push(...takeAddress(spec, taken, own))
    if (needsNodePorts(spec)) errors.push(...takePorts(spec, taken, own))
    if (errors.length > 0) throw invalid({ group: '', kind: 'Service' }, service.metadata?.name ?? '', errors)
    const held = new Set(heldBy(next))
    return {
      take: [...held].filter((key) => !own.has(key)).map((key) => ({ key, value: claimOf(key, service) })),
      release: [...own].filter((key) => !held.has(key)),
    }
  }

  /** Out of which addresses are given now: the server's own range, and those of ServiceCIDRs that are ready. */
  function openRanges(): Ipv4Range[] {
    const open = new Set([ranges.serviceClusterIpRange])
    for (const { object } of ranges.cidrs.all()) {
      const { metadata, spec, status } = object as WireServiceCIDR
      // Nobody may have looked at a new one yet.
      const isReady = status?.conditions?.find(({ type }) => type === 'Ready')?.status !== 'False'
      if (isReady && !metadata?.deletionTimestamp) for (const cidr of spec?.cidrs ?? []) open.add(cidr)
    }
    return [...open].flatMap((cidr) => {
      const range = known.get(cidr) ?? (Ipv4Range.isRange(cidr) ? new Ipv4Range(cidr) : undefined)
      if (range) known.set(cidr, range)
      return range ?? []
    })
  }

  function claimOf(key: string, { metadata }: Service): Buffer {
    if (!key.startsWith(IP_CLAIM)) return NOTHING
    const object = serviceIpAddress(key.slice(IP_CLAIM.length), metadata ?? {})
    const given = { uid: randomUUID(), creationTimestamp: isoTime(ranges.clock) }
    return encodeStored(IPAddress, { ...object, metadata: { ...object.metadata, ...given } })
  }

  function claimsOfOthers({ metadata }: Service): Set<string> {
    const claims = new Set<string>()
    for (const { object } of cache.all()) {
      const isItself = object.metadata?.uid === metadata?.uid
      if (!isItself) for (const claim of heldBy(object)) claims.add(claim)
    }
    // Those that somebody took by hand are taken too.
    for (const { key } of ranges.addresses.all()) claims.add(key)
    return claims
  }

  function takeAddress(spec: ServiceSpec, taken: ReadonlySet<string>, own: ReadonlySet<string>): FieldError[] {
    if (spec.clusterIP) {
      const { clusterIP } = spec
      spec.clusterIPs = [clusterIP]
      if (own.has(IP_CLAIM + clusterIP)) return []
      const refuse = (why: string) => [fieldError.invalid('spec.clusterIPs', [clusterIP], why)]
      if (!Ipv4Range.isAddress(clusterIP)) {
        return [
          fieldError.invalid(
            'spec.clusterIPs[0]',
            clusterIP,
            'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
          ),
        ]
      }
      if (!openRanges().some((range) => range.contains(clusterIP))) {
        return refuse(`failed to allocate IP ${clusterIP}: the provided network does not match the current range`)
      }
      return taken.has(IP_CLAIM + clusterIP)
        ? refuse(`failed to allocate IP ${clusterIP}: provided IP is already allocated`)
        : []
    }
    const isTaken = (candidate: string) => taken.has(IP_CLAIM + candidate)
    const [address] = openRanges().flatMap((range) => range.pickFree(isTaken) ?? [])
    if (!address) throw internalError(new Error('failed to allocate a serviceIP: range is full'))
    spec.clusterIP = address
    spec.clusterIPs = [address]
    return []
  }

  function takePorts(spec: ServiceSpec, taken: ReadonlySet<string>, own: ReadonlySet<string>): FieldError[] {
    const errors: FieldError[] = []
    const chosen = new Map<string, number>()
    const mine = new Set((spec.ports ?? []).map(({ nodePort }) => nodePort))
    for (const [index, port] of (spec.ports ?? []).entries()) {
      const at = `spec.ports[${index}].nodePort`
      if (port.nodePort) {
        const claim = PORT_CLAIM + port.nodePort
        if (port.nodePort < firstPort || port.nodePort > lastPort) {
          const why = `provided port is not in the valid range. The range of valid ports is ${firstPort}-${lastPort}`
          errors.push(fieldError.invalid(at, port.nodePort, why))
        } else if (taken.has(claim) && !own.has(claim)) {
          errors.push(fieldError.invalid(at, port.nodePort, 'provided port is already allocated'))
        }
      } else {
        // The same number for TCP and UDP of one port, as DNS wants it.
        port.nodePort =
          chosen.get(`${port.port}`) ??
          freePort((candidate) => taken.has(PORT_CLAIM + candidate) || mine.has(candidate))
        mine.add(port.nodePort)
      }
      chosen.set(`${port.port}`, port.nodePort)
    }
    return errors
  }

  function freePort(isTaken: (port: number) => boolean): number {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const port = randomInt(firstPort, lastPort + 1)
      if (!isTaken(port)) return port
    }
    for (let port = firstPort; port <= lastPort; port++) if (!isTaken(port)) return port
    throw internalError(new Error('failed to allocate a nodePort: range is full'))
  }
}

/** An update that leaves out what was given out keeps it; one that changes the type loses what no longer fits. */
function carryOver(spec: ServiceSpec, before: ServiceSpec): void {
  if (needsAddress(spec) && needsAddress(before) && !spec.clusterIP) {
    if (before.clusterIP) spec.clusterIP = before.clusterIP
    if (before.clusterIPs) spec.clusterIPs = [...before.clusterIPs]
  }
  if (spec.type === 'ExternalName' && spec.clusterIP && spec.clusterIP === before.clusterIP) {
    delete spec.clusterIP
    delete spec.clusterIPs
    delete spec.ipFamilies
    delete spec.ipFamilyPolicy
  }
  for (const port of spec.ports ?? []) {
    const old = (before.ports ?? []).find(
      ({ port: number, protocol }) => number === port.port && protocol === port.protocol,
    )
    if (needsNodePorts(spec)) {
      if (!port.nodePort && old?.nodePort) port.nodePort = old.nodePort
    } else if (needsNodePorts(before) && (before.ports ?? []).some(({ nodePort }) => nodePort === port.nodePort)) {
      delete port.nodePort
    }
  }
}
