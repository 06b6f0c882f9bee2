// Tells the cluster which storage drivers run on this node: in its CSINode, and in labels and an annotation of the Node.
// Upstream: pkg/volume/csi/nodeinfomanager/nodeinfomanager.go.

import type { CSINodeSpec } from 'kubernetes-types/storage/v1'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { isNotFound } from '../../apimachinery/status-error.ts'
import type { Client } from '../../client/client.ts'
import { CSINode } from '../../kinds/csi-node.ts'
import { Node } from '../../kinds/node.ts'
import type { DriverOnNode } from './csi-drivers.ts'

/** Kinds of volumes that Kubernetes once had in itself, and leaves to drivers now. */
const MIGRATED = 'storage.alpha.kubernetes.io/migrated-plugins'
const PLUGINS = ['aws-ebs', 'azure-disk', 'azure-file', 'cinder', 'gce-pd', 'portworx-volume', 'vsphere-volume'].map(
  (name) => `kubernetes.io/${name}`,
)
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
  const known = await find(client, nodeName)
  if (known) await client.of(CSINode).update({ ...known, spec })
  else await client.of(CSINode).create({ metadata: { name: nodeName, ownerReferences: [ownerOf(node)] }, spec })
}

/**
 * A machine has one without any driver too. One that is there stays as it is, its drivers will come again; but that of a
 * former Node goes the way of its owner, sooner or later.
 */
export async function ensureCsiNode(client: Client, nodeName: string, nodeUid: string): Promise<void> {
  const known = await find(client, nodeName)
  const owner = known?.metadata?.ownerReferences?.find(({ kind }) => kind === 'Node')
  if (known && (!owner || owner.uid === nodeUid)) return
  if (known) await client.of(CSINode).delete({ name: nodeName }, { uid: known.metadata!.uid! })
  const ownerReferences = [ownerOf({ metadata: { name: nodeName, uid: nodeUid } })]
  const metadata = { name: nodeName, ownerReferences, annotations: { [MIGRATED]: PLUGINS.join(',') } }
  await client.of(CSINode).create({ metadata, spec: {} as CSINodeSpec })
}

const find = (client: Client, name: string) =>
  client
    .of(CSINode)
    .get({ name })
    .catch((err: unknown) => {
      if (isNotFound(err)) return undefined
      throw err
    })

const ownerOf = ({ metadata }: KubeObject) => ({
  apiVersion: 'v1',
  kind: 'Node',
  name: metadata?.name ?? '',
  uid: metadata?.uid ?? '',
})

function driverOf({ name, nodeId, topology, mostVolumes }: DriverOnNode) {
  return {
    name,
    nodeID: nodeId,
    topologyKeys: Object.keys(topology),
    ...(mostVolumes > 0 ? { allocatable: { count: mostVolumes } } : {}),
  }
}
