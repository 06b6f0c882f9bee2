// The cluster's DNS: a client of the API like any other, answering from its caches. One per cluster, on the gateway of
// the cluster's network. Upstream's counterpart is CoreDNS with its kubernetes plug-in.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import type { Client } from '../client/client.ts'
import { SharedInformer } from '../client/shared-informer.ts'
import type { Kind } from '../kinds/define-kind.ts'
import { EndpointSlice, Namespace, Service } from '../kinds/index.ts'
import { answerPacket } from './answer.ts'
import { ensureDnsService } from './dns-service.ts'
import { Forwarder } from './forwarder.ts'
import { SERVICE_NAME, Zone } from './records.ts'
import { listenForQueries } from './sockets.ts'

export interface DnsOptions {
  client: Client
  /** Makes the Service, which is not for a server of names to do; kubeadm does it with an admin's rights. */
  installer: Client
  listen: { address: string; port: number }
  clusterDomain: string
  /** Of the Service `kube-dns`: its address, and where it leads to. Without it no Service is made. */
  service?: { clusterDns: string; address: string }
  /** Whom to ask for names of the world; nobody unless told. */
  forward?: readonly string[]
  clock: Clock
  logger: Logger
  random: () => number
}

export interface RunningDns extends AsyncDisposable {
  port: number
}

const BY_SERVICE = 'service'
const BY_ADDRESS = 'address'

/** Resolves when it answers, from full caches. */
export async function startDns(options: DnsOptions): Promise<RunningDns> {
  const { client, clock, logger, random, listen, clusterDomain } = options
  const stack = new AsyncDisposableStack()
  const stop = new AbortController()
  stack.defer(() => stop.abort(new Error('dns was stopped')))
  const informerOf = <T extends KubeObject>(kind: Kind<T>) =>
    new SharedInformer<T>({ client, kind, clock, logger, random })
  const services = informerOf(Service)
  const slices = informerOf(EndpointSlice)
  const namespaces = informerOf(Namespace)
  slices.cache.addIndex(BY_SERVICE, ({ metadata }) => [`${metadata?.namespace}/${metadata?.labels?.[SERVICE_NAME]}`])
  slices.cache.addIndex(BY_ADDRESS, ({ endpoints }) => (endpoints ?? []).flatMap(({ addresses }) => addresses))
  for (const informer of [services, slices, namespaces]) informer.start(stop.signal).catch(() => undefined)
  await Promise.all([services.synced, slices.synced, namespaces.synced])

  const zone = new Zone(
    {
      service: (namespace, name) => services.cache.get(`${namespace}/${name}`),
      services: () => services.cache.list(),
      slicesOf: (namespace, name) => slices.cache.byIndex(BY_SERVICE, `${namespace}/${name}`),
      slicesAt: (address) => slices.cache.byIndex(BY_ADDRESS, address),
      hasNamespace: (name) => namespaces.cache.get(name) !== undefined,
    },
    clusterDomain,
  )
  const forwarder = options.forward?.length ? new Forwarder(options.forward, clock) : undefined
  const sockets = await listenForQueries({
    ...listen,
    clock,
    answer(query, transport) {
      const answer = answerPacket(query, {
        zone,
        domain: clusterDomain,
        nowSeconds: Math.floor(clock.now() / 1000),
        random,
        transport,
        forwards: forwarder !== undefined,
      })
      return answer && 'query' in answer ? forwarder?.ask(answer.query, transport).then(answer.complete) : answer
    },
  }).catch(async (err) => {
    await stack.disposeAsync()
    throw err
  })
  stack.use(sockets)
  if (options.service) await ensureDnsService(options.installer, { ...options.service, port: sockets.port })
  return { port: sockets.port, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}
