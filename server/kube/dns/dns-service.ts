// The Service that Pods ask: kube-dns in kube-system, without a selector, since what answers is not a Pod but this
// process on the gateway of the cluster's network.

import { isIPv6 } from 'node:net'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import { isAlreadyExists, isNotFound } from '../apimachinery/status-error.ts'
import type { Client, KindClient } from '../client/client.ts'
import { EndpointSlice, Endpoints, Service } from '../kinds/index.ts'

const NAME = { namespace: 'kube-system', name: 'kube-dns' }
const LABELS = { 'k8s-app': 'kube-dns', 'kubernetes.io/name': 'CoreDNS' }

export async function ensureDnsService(
  client: Client,
  { clusterDns, address, port }: { clusterDns: string; address: string; port: number },
): Promise<void> {
  const portOf = (name: string, protocol: string) => ({ name, protocol, port })
  await client
    .of(Service)
    .get(NAME)
    .catch(async (err) => {
      if (!isNotFound(err)) throw err
      const servicePort = (name: string, protocol: string) => ({ name, protocol, port: 53, targetPort: port })
      await client.of(Service).create({
        metadata: { ...NAME, labels: LABELS },
        spec: { clusterIP: clusterDns, ports: [servicePort('dns', 'UDP'), servicePort('dns-tcp', 'TCP')] },
      })
    })
  const ports = [portOf('dns', 'UDP'), portOf('dns-tcp', 'TCP')]
  await put(client.of(Endpoints), {
    metadata: { ...NAME, labels: { ...LABELS, 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip: address }], ports }],
  })
  await put(client.of(EndpointSlice), {
    metadata: { ...NAME, labels: { ...LABELS, 'kubernetes.io/service-name': NAME.name } },
    addressType: isIPv6(address) ? 'IPv6' : 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports,
  })
}

/** After a restart the gateway may be another address. */
async function put<T extends KubeObject>(of: KindClient<T>, object: T): Promise<void> {
  try {
    await of.create(object)
  } catch (err) {
    if (!isAlreadyExists(err)) throw err
    await of.update(object)
  }
}
