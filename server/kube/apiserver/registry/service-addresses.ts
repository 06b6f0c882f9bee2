// Cluster IPs and node ports: given out once, held by claims in the store. The claim of a cluster IP is its IPAddress.
//
// Who asks for nothing gets something from the upper part of the range; the lower part is left to those who ask for a
// certain address (cluster DNS). Upstream: kubernetes/pkg/registry/core/service/{storage/alloc.go,ipallocator}.

import { randomUUID } from 'node:crypto'
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
import { familyOf, type IpFamily, IpRange } from './ip-range.ts'
import { isLeft, settleFamilies } from './service-families.ts'
import { mayHaveNodePorts, nodePortsOf, takeNodePorts } from './service-node-ports.ts'
import { carryOver, completeAddresses, needsAddress } from './service-updates.ts'
import { storagePrefix } from './storage-keys.ts'

export interface AddressRanges {
  /** One range, or one of each family with a comma between them; the first is of Services that ask for none. */
  serviceClusterIpRange: string
  nodePortRange: readonly [number, number]
}

const IP_CLAIM = storagePrefix(IPAddress)
const PORT_CLAIM = '/registry/ranges/servicenodeports/'
const NOTHING = Buffer.alloc(0)

export function serviceAddresses(
  cache: ResourceCache,
  ranges: AddressRanges & { addresses: ResourceCache; cidrs: ResourceCache; clock: Clock },
): Claims {
  const own = ranges.serviceClusterIpRange.split(',')
  const known = new Map(own.map((cidr) => [cidr, new IpRange(cidr)]))
  const configured = [...known.values()].map(({ family }) => family)

  return { allocate, heldBy }

  function heldBy(object: KubeObject): string[] {
    const { spec } = object as Service
    if (!spec) return []
    const addresses = needsAddress(spec) ? (spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : [])) : []
    return [
      ...addresses.flatMap((address) => (address ? [IP_CLAIM + address] : [])),
      ...[...nodePortsOf(spec)].map((port) => PORT_CLAIM + port),
    ]
  }

  function allocate(next: KubeObject, previous: KubeObject | undefined): ClaimChange {
    const service = next as Service
    const before = (previous as Service | undefined)?.spec
    const { spec } = service
    // A new status has the spec from before, which is not to be touched.
    if (!spec || spec === before) return { take: [], release: [] }
    if (before) carryOver(spec, before)
    else completeAddresses(spec)
    const mine = new Set(previous ? heldBy(previous) : [])
    const taken = claimsOfOthers(service)
    const refuse = (errors: FieldError[]) => {
      if (errors.length > 0) throw invalid({ group: '', kind: 'Service' }, service.metadata?.name ?? '', errors)
    }
    const keepsAddresses = before && (before.clusterIP === 'None' || isLeft(spec, before))
    refuse(settleFamilies(spec, before, configured))
    if (needsAddress(spec) && !keepsAddresses) refuse(takeAddresses(spec, before, taken))
    if (mayHaveNodePorts(spec)) {
      const isTaken = (port: number) => taken.has(PORT_CLAIM + port)
      refuse(takeNodePorts(spec, before, { range: ranges.nodePortRange, isTaken }))
    }
    const held = new Set(heldBy(next))
    return {
      take: [...held].filter((key) => !mine.has(key)).map((key) => ({ key, value: claimOf(key, service) })),
      release: [...mine].filter((key) => !held.has(key)),
    }
  }

  /** Out of which addresses are given now: the server's own ranges, and those of ServiceCIDRs that are ready. */
  function openRanges(family: IpFamily): IpRange[] {
    const open = new Set(own)
    for (const { object } of ranges.cidrs.all()) {
      const { metadata, spec, status } = object as WireServiceCIDR
      // Nobody may have looked at a new one yet.
      const isReady = status?.conditions?.find(({ type }) => type === 'Ready')?.status !== 'False'
      if (isReady && !metadata?.deletionTimestamp) for (const cidr of spec?.cidrs ?? []) open.add(cidr)
    }
    return [...open].flatMap((cidr) => {
      const range = known.get(cidr) ?? (IpRange.isRange(cidr) ? new IpRange(cidr) : undefined)
      if (range) known.set(cidr, range)
      return range?.family === family ? range : []
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

  /** One of each family that the Service has, the asked ones or any. What it has stays: who moves it is refused later. */
  function takeAddresses(spec: ServiceSpec, before: ServiceSpec | undefined, taken: ReadonlySet<string>): FieldError[] {
    const asked = spec.clusterIPs ?? []
    const had = before && needsAddress(before) ? (before.clusterIPs?.length ?? 0) : 0
    const errors: FieldError[] = []
    spec.clusterIPs = (spec.ipFamilies as IpFamily[]).map((family, index) => {
      const address = asked[index]
      if (!address) return anyAddress(family, taken)
      const why = index < had ? undefined : problemWith(address, taken)
      const told = `failed to allocate IP ${address}: ${why}`
      if (why) errors.push(fieldError.invalid('spec.clusterIPs', asked, told))
      return address
    })
    spec.clusterIP = spec.clusterIPs[0] ?? ''
    return errors
  }

  function problemWith(address: string, taken: ReadonlySet<string>): string | undefined {
    if (!openRanges(familyOf(address)).some((range) => range.contains(address))) {
      return 'the provided network does not match the current range'
    }
    return taken.has(IP_CLAIM + address) ? 'provided IP is already allocated' : undefined
  }

  function anyAddress(family: IpFamily, taken: ReadonlySet<string>): string {
    const isTaken = (candidate: string) => taken.has(IP_CLAIM + candidate)
    for (const range of openRanges(family)) {
      const address = range.pickFree(isTaken)
      if (address) return address
    }
    throw internalError(new Error('failed to allocate a serviceIP: range is full'))
  }
}
