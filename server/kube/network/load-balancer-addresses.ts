// Addresses of load balancers: for each, one machine answers to it on the network, as if it were its own, and kube-proxy
// there leads on. Which one, all machines work out alike: of those that are ready (and that have an endpoint, where the
// Service keeps outside traffic local). Upstream this is the cloud's business, or MetalLB's in its layer 2 mode.

import { createHash } from 'node:crypto'
import type { Node as NodeObject, Service as ServiceObject } from 'kubernetes-types/core/v1'
import type { EndpointSlice as SliceObject } from 'kubernetes-types/discovery/v1'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import type { Client } from '../client/client.ts'
import { SharedInformer } from '../client/shared-informer.ts'
import type { Kind } from '../kinds/define-kind.ts'
import { EndpointSlice } from '../kinds/endpoint-slice.ts'
import { Node } from '../kinds/node.ts'
import { Service } from '../kinds/service.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import { GRATUITOUS_ARP } from './gratuitous-arp.ts'

export interface LoadBalancerAddressesOptions {
  nodeName: string
  client: Client
  os: NodeOs
  clock: Clock
  logger: Logger
  random?: () => number
}

interface Seen {
  services: readonly ServiceObject[]
  nodes: readonly NodeObject[]
  slicesOf(service: ServiceObject): readonly SliceObject[]
}

/** Addresses that a node answers to. */
export function addressesFor(nodeName: string, { services, nodes, slicesOf }: Seen): string[] {
  const ready = nodes.filter(mayAnswer).map(({ metadata }) => metadata?.name ?? '')
  return services
    .flatMap((service) => {
      const ingress = service.spec?.type === 'LoadBalancer' ? (service.status?.loadBalancer?.ingress ?? []) : []
      const addresses = ingress.flatMap(({ ip, ipMode }) => (ip && ipMode !== 'Proxy' ? [ip] : []))
      if (addresses.length === 0) return []
      const isLocal = service.spec?.externalTrafficPolicy === 'Local'
      const candidates = isLocal ? ready.filter(hasEndpoint(slicesOf(service))) : ready
      return addresses.filter((address) => chosen(address, candidates) === nodeName)
    })
    .sort()
}

function mayAnswer({ metadata, status }: NodeObject): boolean {
  const isExcluded = metadata?.labels?.['node.kubernetes.io/exclude-from-external-load-balancers'] !== undefined
  return !isExcluded && status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True'
}

function hasEndpoint(slices: readonly SliceObject[]): (node: string) => boolean {
  const endpoints = slices.flatMap((slice) => slice.endpoints ?? [])
  const nodes = new Set(endpoints.flatMap(({ nodeName, conditions }) => (conditions?.ready === false ? [] : nodeName)))
  return (node) => nodes.has(node)
}

/** Others keep theirs when one comes or goes: each node has a number of its own for each address, and the largest wins. */
function chosen(address: string, nodes: readonly string[]): string | undefined {
  const number = (node: string) => createHash('sha256').update(`${node} ${address}`).digest('hex')
  return nodes.reduce<string | undefined>(
    (best, node) => (best === undefined || number(node) > number(best) ? node : best),
    undefined,
  )
}

const NETWORK = 'eth0'
const SOON_MS = 50
const RETRY_MS = 2_000
const BY_SERVICE = 'service'

export function runLoadBalancerAddresses(options: LoadBalancerAddressesOptions): AsyncDisposable {
  const { nodeName, client, os, clock, logger, random = Math.random } = options
  const stop = new AbortController()
  const informerOf = <T extends KubeObject>(kind: Kind<T>) =>
    new SharedInformer<T>({ client, kind, clock, random, logger })
  const services = informerOf(Service)
  const slices = informerOf(EndpointSlice)
  const nodes = informerOf(Node)
  const informers = [services, slices, nodes]
  slices.cache.addIndex(BY_SERVICE, ({ metadata }) => [
    `${metadata?.namespace}/${metadata?.labels?.['kubernetes.io/service-name']}`,
  ])
  let timer: Disposable | undefined
  /** News that came while there was work to do. */
  let again: number | undefined
  let applied: string | undefined

  async function apply(): Promise<void> {
    const wanted = addressesFor(nodeName, {
      services: services.cache.list(),
      nodes: nodes.cache.list(),
      slicesOf: ({ metadata }) => slices.cache.byIndex(BY_SERVICE, `${metadata?.namespace}/${metadata?.name}`),
    })
    if (applied === wanted.join()) return
    const there = await ownAddresses(os)
    for (const address of there) {
      if (!wanted.includes(address)) await os.run('ip', ['address', 'del', ...placeOf(address)])
    }
    for (const address of wanted) {
      if (there.includes(address)) continue
      await os.run('ip', ['address', 'add', ...placeOf(address), ...neverOwn(address)])
      // Whoever called another machine under this address learns that it is here now. In IPv6 the kernel says so itself.
      if (!address.includes(':')) await os.run('perl', ['-e', GRATUITOUS_ARP, NETWORK, address])
      logger.info('answers to the address of a load balancer', { address })
    }
    applied = wanted.join()
  }

  function soon(delayMs: number): void {
    if (timer || stop.signal.aborted) return
    timer = clock.setTimeout(async () => {
      try {
        // From half of the news an address would be given up that is wanted.
        if (informers.every((informer) => informer.hasSynced())) await apply()
      } catch (err) {
        logger.warn('addresses of load balancers are not as they should be, will be tried again', { err })
        again = RETRY_MS
      }
      timer = undefined
      if (again !== undefined) soon(again)
      again = undefined
    }, delayMs)
  }
  const hear = () => {
    if (timer) again = SOON_MS
    else soon(SOON_MS)
  }

  services.addHandler(hear)
  slices.addHandler(hear)
  nodes.addHandler((change) => {
    const before = change.type === 'updated' ? mayAnswer(change.previous) : undefined
    if (change.type === 'deleted' || before !== mayAnswer(change.object)) hear()
  })
  const running = informers.map((informer) => informer.start(stop.signal))
  return {
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('closed'))
      timer?.[Symbol.dispose]()
      await Promise.allSettled(running)
    },
  }
}

/** In IPv4 a machine answers for every address that it has; in IPv6 only for those of the device that is asked. */
/** Or the machine would call others of IPv6 under it; of IPv4 it does not call under what is on its loopback. */
const neverOwn = (address: string) => (address.includes(':') ? ['preferred_lft', '0'] : [])

const placeOf = (address: string) =>
  address.includes(':') ? [`${address}/128`, 'dev', NETWORK] : [`${address}/32`, 'dev', 'lo']

/** Nothing else puts single addresses there. */
async function ownAddresses(os: NodeOs): Promise<string[]> {
  const shown = await Promise.all(
    ['-4 -o address show dev lo', `-6 -o address show dev ${NETWORK} scope global`].map((args) =>
      os.run('ip', args.split(' ')),
    ),
  )
  return shown.flatMap(({ stdout }) =>
    [...stdout.matchAll(/inet6? (\S+)\/(?:32|128) /g)].map(([, address = '']) => address),
  )
}
