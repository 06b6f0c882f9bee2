// Services, Pods and machines at an earlier revision, as the store had them. Connections are in no store: whoever listened
// then may remember them.

import type { ClusterHost } from '../../kube/cluster/index.ts'
import type { AnyKind } from '../../kube/kinds/define-kind.ts'
import { EndpointSlice, Node, Pod, Service } from '../../kube/kinds/index.ts'
import { objectsAt } from '../past.ts'
import type { ClusterObjects } from './addresses.ts'
import { networkMachine, networkPod, networkServices } from './network-objects.ts'
import type { NetworkMoment } from './network-push.ts'

const KINDS: readonly AnyKind[] = [Node, Pod, Service, EndpointSlice]

/** Undefined where the store has forgotten that revision. */
export async function networkAt(
  host: ClusterHost,
  cluster: string,
  revision: number,
): Promise<NetworkMoment | undefined> {
  const { all, isForgotten } = await objectsAt(host, cluster, { revision, kinds: KINDS, isReadWhole: () => true })
  if (isForgotten) return undefined
  const ofKind = (wanted: AnyKind) => all.filter(({ kind }) => kind === wanted).map(({ object }) => object)
  const objects = {
    nodes: ofKind(Node),
    pods: ofKind(Pod),
    services: ofKind(Service),
    endpointSlices: ofKind(EndpointSlice),
  } as unknown as ClusterObjects
  return {
    services: networkServices(objects),
    pods: objects.pods.map(networkPod),
    machines: objects.nodes.map((node) => networkMachine(node, undefined)),
  }
}
