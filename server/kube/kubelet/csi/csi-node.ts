// Tells the cluster which storage drivers run on this node: in its CSINode, and in labels and an annotation of the Node.
// Upstream: pkg/volume/csi/nodeinfomanager/nodeinfomanager.go.

import { isNotFound } from '../../apimachinery/status-error.ts'
import type { Client } from '../../client/client.ts'
import { CSINode } from '../../kinds/csi-node.ts'
import { Node } from '../../kinds/node.ts'
import type { DriverOnNode } from './csi-drivers.ts'

const NODE_IDS = 'csi.volume.kubernetes.io/nodeid'

export async function publishDrivers(
  client: Client,
  nodeName: string,
  drivers: readonly DriverOnNode[],
): Promise<void> {
  const nodes = client.of(Node)
  const ids = Object.fromEntries(drivers.map(({ name, nodeId }) => [name, nodeId]))
  const labels = Object.assign({}, ...drivers.map(({ topology }) => topology)) as Record<string, string>
  const annotations = { [NODE_IDS]: drivers.length > 0 ? JSON.stringify(ids) : null }
  const node = await nodes.patch({ name: nodeName }, 'application/merge-patch+json', {
    metadata: { annotations, ...(Object.keys(labels).length > 0 ? { labels } : {}) },
  })
  const spec = { drivers: drivers.map(driverOf) }
  const known = await client
    .of(CSINode)
    .get({ name: nodeName })
    .catch((err: unknown) => {
      if (isNotFound(err)) return undefined
      throw err
    })
  if (known) {
    await client.of(CSINode).update({ ...known, spec })
    return
  }
  const owner = { apiVersion: 'v1', kind: 'Node', name: nodeName, uid: node.metadata?.uid ?? '' }
  await client.of(CSINode).create({ metadata: { name: nodeName, ownerReferences: [owner] }, spec })
}

function driverOf({ name, nodeId, topology, mostVolumes }: DriverOnNode) {
  return {
    name,
    nodeID: nodeId,
    topologyKeys: Object.keys(topology),
    ...(mostVolumes > 0 ? { allocatable: { count: mostVolumes } } : {}),
  }
}
