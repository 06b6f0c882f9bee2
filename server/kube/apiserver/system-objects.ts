// What a cluster has before anybody asks: its namespaces, and the Service that leads to this server.
// Upstream: kubernetes/pkg/controlplane/controller/{systemnamespaces,kubernetesservice}.

import { isAlreadyExists } from '../apimachinery/status-error.ts'
import { collectionPath } from '../client/client.ts'
import type { Transport } from '../client/transport.ts'
import { Namespace } from '../kinds/index.ts'
import type { ApiServerOptions } from './api-server.ts'

const NAMESPACES = ['kube-system', 'kube-public', 'kube-node-lease', 'default']

export async function ensureSystemObjects(transport: Transport, _options: ApiServerOptions): Promise<void> {
  for (const name of NAMESPACES) {
    await create(transport, collectionPath(Namespace), { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  }
}

async function create(transport: Transport, path: string, body: object): Promise<void> {
  try {
    await transport.request({ method: 'POST', path, body })
  } catch (err) {
    if (!isAlreadyExists(err)) throw err
  }
}
