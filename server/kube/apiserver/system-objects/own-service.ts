// The system's namespaces, and the Service that leads to this server.
// Upstream: kubernetes/pkg/controlplane/controller/{systemnamespaces,kubernetesservice}.

import { deepEqual } from '../../apimachinery/deep.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { isAlreadyExists, isNotFound } from '../../apimachinery/status-error.ts'
import type { Client } from '../../client/client.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { EndpointSlice, Endpoints, Namespace, Service } from '../../kinds/index.ts'
import { familyOf, IpRange } from '../registry/ip-range.ts'
import { createOnce, type SystemPart } from './part.ts'

const NAMESPACES = ['kube-system', 'kube-public', 'kube-node-lease', 'default']
const NAME = 'kubernetes'
const HTTPS_PORT = 443

export interface OwnServiceOptions {
  serviceClusterIpRange: string
  advertise?: { address: string; port: number }
}

export const systemNamespaces = (): SystemPart => ({
  hooks: ['start-system-namespaces-controller'],
  isComplete: (peek) => NAMESPACES.every((namespace) => peek(Namespace, '', namespace) !== undefined),
  async ensure(client, peek) {
    for (const name of NAMESPACES) await createOnce(client, peek, { kind: Namespace, object: { metadata: { name } } })
  },
})

export const ownService = ({ serviceClusterIpRange, advertise }: OwnServiceOptions): SystemPart => ({
  hooks: ['bootstrap-controller'],
  isComplete: (peek) => peek(Service, 'default', NAME) !== undefined,
  async ensure(client, peek) {
    const metadata = {
      name: NAME,
      namespace: 'default',
      labels: { component: 'apiserver', provider: 'kubernetes' },
    }
    const port = { name: 'https', port: HTTPS_PORT, targetPort: advertise?.port ?? HTTPS_PORT, protocol: 'TCP' }
    const [range = ''] = serviceClusterIpRange.split(',')
    const spec = { clusterIP: new IpRange(range).first, ports: [port] }
    await createOnce(client, peek, { kind: Service, object: { metadata, spec } as KubeObject })
    if (advertise) await ensureEndpoints(client, advertise)
  },
})

async function ensureEndpoints(client: Client, { address, port }: { address: string; port: number }): Promise<void> {
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
    addressType: familyOf(address),
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports,
  })
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
    await client
      .of(kind)
      .create(object)
      .catch((later) => {
        // Another server over the same store was faster; what it says of itself is replaced.
        if (!isAlreadyExists(later)) throw later
        return client.of(kind).update(object)
      })
  }
}
