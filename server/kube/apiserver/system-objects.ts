// What a cluster has before anybody asks: its namespaces, and the Service that leads to this server.
// Upstream: kubernetes/pkg/controlplane/controller/{systemnamespaces,kubernetesservice}.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { deepEqual } from '../apimachinery/deep.ts'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import { isNotFound } from '../apimachinery/status-error.ts'
import { type Client, createClient } from '../client/client.ts'
import type { Transport } from '../client/transport.ts'
import type { AnyKind } from '../kinds/define-kind.ts'
import { EndpointSlice, Endpoints, Namespace, Service } from '../kinds/index.ts'
import { Ipv4Range } from './registry/ipv4-range.ts'

const KEEP_MS = 10_000
const NAMESPACES = ['kube-system', 'kube-public', 'kube-node-lease', 'default']
const NAME = 'kubernetes'
const HTTPS_PORT = 443

export interface SystemObjectsOptions {
  serviceClusterIpRange: string
  advertise?: { address: string; port: number }
}

export async function ensureSystemObjects(
  transport: Transport,
  { serviceClusterIpRange, advertise }: SystemObjectsOptions,
): Promise<void> {
  const client = createClient(transport)
  for (const name of NAMESPACES) await createOnce(client, Namespace, { metadata: { name } })
  const clusterIP = new Ipv4Range(serviceClusterIpRange).first
  const metadata = {
    name: NAME,
    namespace: 'default',
    labels: { component: 'apiserver', provider: 'kubernetes' },
  }
  await createOnce(client, Service, {
    metadata,
    spec: {
      clusterIP,
      ports: [{ name: 'https', port: HTTPS_PORT, targetPort: advertise?.port ?? HTTPS_PORT, protocol: 'TCP' }],
    },
  } as KubeObject)
  if (!advertise) return
  const { address, port } = advertise
  const ports = [{ name: 'https', port, protocol: 'TCP' }]
  await createOrReplace(client, Endpoints, {
    metadata: {
      name: NAME,
      namespace: 'default',
      labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' },
    },
    subsets: [{ addresses: [{ ip: address }], ports }],
  })
  await createOrReplace(client, EndpointSlice, {
    metadata: { name: NAME, namespace: 'default', labels: { 'kubernetes.io/service-name': NAME } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports,
  })
}

/** Whoever deletes them gets them back: without this Service no pod finds the API. Looks at caches only. */
export function keepSystemObjects(told: {
  clock: Clock
  logger: Logger
  isThere(kind: AnyKind, namespace: string, name: string): boolean
  ensure(): Promise<void>
}): Disposable {
  const { clock, logger, isThere, ensure } = told
  let timer = clock.setTimeout(turn, KEEP_MS)
  let isStopped = false
  return {
    [Symbol.dispose]() {
      isStopped = true
      timer[Symbol.dispose]()
    },
  }

  async function turn(): Promise<void> {
    const isComplete =
      isThere(Service, 'default', NAME) && NAMESPACES.every((namespace) => isThere(Namespace, '', namespace))
    try {
      if (!isComplete) await ensure()
    } catch (err) {
      logger.warn('cannot restore what the system needs', { err })
    }
    if (!isStopped) timer = clock.setTimeout(turn, KEEP_MS)
  }
}

/** Looks first: a Service of that address cannot even be asked for twice. */
async function createOnce(client: Client, kind: AnyKind, object: KubeObject): Promise<void> {
  const { name = '', namespace = '' } = object.metadata ?? {}
  try {
    await client.of(kind).get({ name, ...(namespace ? { namespace } : {}) })
  } catch (err) {
    if (!isNotFound(err)) throw err
    await client.of(kind).create(object)
  }
}

/** After a restart the server may be found at another address. */
async function createOrReplace<T extends KubeObject>(client: Client, kind: AnyKind, object: T): Promise<void> {
  const { name = '', namespace = '' } = object.metadata ?? {}
  try {
    const {
      metadata: _now,
      kind: _kind,
      apiVersion: _version,
      ...there
    } = (await client.of(kind).get({ namespace, name })) as T
    const { metadata: _asked, ...wanted } = object
    if (!deepEqual(there, wanted)) await client.of(kind).update(object)
  } catch (err) {
    if (!isNotFound(err)) throw err
    await client.of(kind).create(object)
  }
}
