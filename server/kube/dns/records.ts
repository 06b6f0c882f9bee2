// The names of a cluster, looked up in caches of Services and EndpointSlices when they are asked for; nothing is kept
// that could be stale. Rules: kubernetes/dns, docs/specification.md (schema version 1.1.0).
//
//   web.default.svc.cluster.local                  A    the Service's address; of a headless one, its ready Pods'
//   db-0.db.default.svc.cluster.local              A    one Pod of a Service, by its hostname or its address
//   _http._tcp.web.default.svc.cluster.local       SRV  port and target; without the port's name, all of them
//   10-244-1-2.default.pod.cluster.local           A    the address that the name says
//   1.0.96.10.in-addr.arpa, ….ip6.arpa             PTR  back to the name

import { isIP } from 'node:net'
import type { Service } from 'kubernetes-types/core/v1'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1'
import { addressOf, numberOf } from '../apimachinery/ip-rules.ts'

export type DnsRecord =
  | { type: 'A' | 'AAAA'; name: string; data: string }
  | { type: 'CNAME' | 'PTR'; name: string; data: string }
  | { type: 'TXT'; name: string; data: string }
  | {
      type: 'SRV'
      name: string
      data: { priority: number; weight: number; port: number; target: string }
      /** Of the target: to look up each by its name would go through all endpoints each time. */
      addresses: readonly string[]
    }

/** What the zone knows of a name: `refused` for names that are not its own. */
export type Lookup = { found: 'records'; records: DnsRecord[] } | { found: 'nothing' } | { found: 'refused' }

export const SERVICE_NAME = 'kubernetes.io/service-name'

export interface ZoneSource {
  service(namespace: string, name: string): Service | undefined
  services(): readonly Service[]
  slicesOf(namespace: string, service: string): readonly EndpointSlice[]
  /** Of whatever Services. */
  slicesAt(address: string): readonly EndpointSlice[]
  hasNamespace(name: string): boolean
}

interface Endpoint {
  address: string
  label: string
  ports: readonly { name?: string; port?: number; protocol?: string }[]
}

export class Zone {
  readonly #source: ZoneSource
  readonly #domain: string

  constructor(source: ZoneSource, domain: string) {
    this.#source = source
    this.#domain = domain
  }

  /** All records under a name, of whatever type; the server picks those that were asked for. Names in lower case. */
  lookUp(name: string): Lookup {
    const asked = addressIn(name)
    if (asked !== undefined) return this.#reverse(name, asked)
    const suffix = `.${this.#domain}`
    if (name === this.#domain) return { found: 'records', records: [] }
    if (!name.endsWith(suffix)) return { found: 'refused' }
    const labels = name.slice(0, -suffix.length).split('.')
    const area = labels.at(-1)
    if (name === `dns-version${suffix}`) return records([{ type: 'TXT', name, data: '1.1.0' }])
    if (area === 'svc') return this.#service(name, labels.slice(0, -1))
    if (area === 'pod') return this.#pod(name, labels.slice(0, -1))
    return { found: 'nothing' }
  }

  #service(name: string, labels: string[]): Lookup {
    const namespace = labels.at(-1)
    if (namespace === undefined) return { found: 'records', records: [] }
    if (labels.length === 1) return this.#source.hasNamespace(namespace) ? records([]) : { found: 'nothing' }
    const serviceName = labels.at(-2)!
    const service = this.#source.service(namespace, serviceName)
    if (!service) return { found: 'nothing' }
    const front = labels.slice(0, -2)
    if (service.spec?.type === 'ExternalName') {
      return front.length === 0
        ? records([{ type: 'CNAME', name, data: service.spec.externalName ?? '' }])
        : { found: 'nothing' }
    }
    const headless = service.spec?.clusterIP === 'None'
    if (front.length === 0) {
      const endpoints = headless ? this.#endpoints(service) : undefined
      const addresses = endpoints?.map(({ address }) => address) ?? clusterAddresses(service)
      return records([
        ...addresses.map((address) => addressRecord(name, address)),
        ...this.#portRecords(name, service, endpoints),
      ])
    }
    if (front.length === 2 && front[0]!.startsWith('_') && front[1]!.startsWith('_')) {
      return this.#ports(name, service, { port: front[0]!.slice(1), protocol: front[1]!.slice(1) })
    }
    if (front.length === 1) {
      const endpoints = this.#endpoints(service).filter(({ label }) => label === front[0])
      if (endpoints.length > 0) {
        return records([
          ...endpoints.map(({ address }) => addressRecord(name, address)),
          ...this.#portRecords(name, service, endpoints),
        ])
      }
    }
    return { found: 'nothing' }
  }

  #ports(name: string, service: Service, asked: { port: string; protocol: string }): Lookup {
    const endpoints = service.spec?.clusterIP === 'None' ? this.#endpoints(service) : undefined
    const found = this.#portRecords(name, service, endpoints, (port) => {
      return port.name?.toLowerCase() === asked.port && (port.protocol ?? 'TCP').toLowerCase() === asked.protocol
    })
    return found.length > 0 ? records(found) : { found: 'nothing' }
  }

  /** The endpoints' own, or the Service's. All of them, where a name does not say which: those who look for their peers ask so. */
  #portRecords(
    name: string,
    service: Service,
    endpoints: readonly Endpoint[] | undefined,
    matches: (port: { name?: string; protocol?: string }) => boolean = () => true,
  ): DnsRecord[] {
    const target = this.#nameOf(service)
    const addresses = new Map<string, string[]>()
    for (const { label, address } of endpoints ?? []) {
      const same = addresses.get(label)
      if (same) same.push(address)
      else addresses.set(label, [address])
    }
    const found =
      endpoints?.flatMap(({ label, ports }) =>
        ports
          .filter(matches)
          .map(({ port = 0 }) => ({ port, target: `${label}.${target}`, addresses: addresses.get(label) ?? [] })),
      ) ??
      (service.spec?.ports ?? [])
        .filter(matches)
        .map(({ port }) => ({ port, target, addresses: clusterAddresses(service) }))
    const weight = Math.floor(100 / found.length) || 1
    return found.map(({ addresses, ...to }) => ({ type: 'SRV', name, data: { priority: 0, weight, ...to }, addresses }))
  }

  #pod(name: string, labels: string[]): Lookup {
    if (labels.length !== 2 || !this.#source.hasNamespace(labels[1]!)) return { found: 'nothing' }
    const told = labels[0]!
    const address = [told.replaceAll('-', '.'), told.replaceAll('-', ':')].find((text) => isIP(text) > 0)
    return address ? records([addressRecord(name, address)]) : { found: 'nothing' }
  }

  #reverse(name: string, address: string): Lookup {
    const service = this.#source.services().find((each) => clusterAddresses(each).includes(address))
    if (service) return records([{ type: 'PTR', name, data: this.#nameOf(service) }])
    const owners = this.#source.slicesAt(address).flatMap(({ metadata }) => {
      return this.#source.service(metadata?.namespace ?? '', metadata?.labels?.[SERVICE_NAME] ?? '') ?? []
    })
    const names = new Set(
      owners.flatMap((owner) => {
        const endpoints = this.#endpoints(owner).filter((each) => each.address === address)
        return endpoints.map(({ label }) => `${label}.${this.#nameOf(owner)}`)
      }),
    )
    return names.size > 0
      ? records(Array.from(names, (data): DnsRecord => ({ type: 'PTR', name, data })))
      : { found: 'refused' }
  }

  #endpoints(service: Service): Endpoint[] {
    const { namespace = '', name = '' } = service.metadata ?? {}
    const all = service.spec?.publishNotReadyAddresses ?? false
    const seen = new Set<string>()
    return this.#source.slicesOf(namespace, name).flatMap((slice) =>
      (slice.endpoints ?? [])
        .filter(({ conditions }) => all || conditions?.ready !== false)
        .flatMap(({ addresses, hostname }) =>
          addresses.map((address) => ({
            address,
            label: hostname || address.replace(/[.:]/g, '-'),
            ports: slice.ports ?? [],
          })),
        )
        .filter(({ address }) => !seen.has(address) && seen.add(address)),
    )
  }

  #nameOf(service: Service): string {
    return `${service.metadata?.name}.${service.metadata?.namespace}.svc.${this.#domain}`
  }
}

const records = (list: DnsRecord[]): Lookup => ({ found: 'records', records: list })

/** The address that a name of `in-addr.arpa` or `ip6.arpa` stands for; undefined for other names. */
function addressIn(name: string): string | undefined {
  const [, front = '', kind] = /^(.*)\.(in-addr|ip6)\.arpa$/.exec(name) ?? []
  if (!kind) return undefined
  const parts = front.split('.').reverse()
  if (kind === 'in-addr') return parts.join('.')
  const address =
    parts
      .join('')
      .match(/.{1,4}/g)
      ?.join(':') ?? ''
  return parts.length === 32 && isIP(address) === 6 ? addressOf('ipv6', numberOf(address)) : ''
}

export const addressRecord = (name: string, data: string): DnsRecord => ({
  type: data.includes(':') ? 'AAAA' : 'A',
  name,
  data,
})

function clusterAddresses(service: Service): readonly string[] {
  const { clusterIP, clusterIPs } = service.spec ?? {}
  if (!clusterIP || clusterIP === 'None') return []
  return clusterIPs ?? [clusterIP]
}
