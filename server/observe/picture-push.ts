// What the live picture is told, and how Pods and Nodes look on it.

import type { Node, Pod } from 'kubernetes-types/core/v1'
import type { TraceEvent } from '../base/trace.ts'
import type { GateState } from '../kube/client/index.ts'
import { Pod as PodKind } from '../kube/kinds/index.ts'

export interface PicturePod {
  namespace: string
  name: string
  node: string
  /** As `kubectl get pods` says it: Running, ContainerCreating, CrashLoopBackOff, Terminating … */
  status: string
  ready: boolean
  owner: string
}

export interface PictureNode {
  name: string
  ready: boolean
  simulated: boolean
}

/**
 * One push of the picture. The first after (re)connecting holds `pods`, `nodes`, `loops`, `gates` and the newest events
 * kept; later ones hold what is new. `seq` counts trace events of this cluster without a gap; ask again with `since`.
 */
export interface PicturePush {
  seq: number
  events: TraceEvent[]
  pods?: PicturePod[]
  nodes?: PictureNode[]
  /** Clients that are part of the control plane, in drawing order: controllers, scheduler. */
  loops?: string[]
  /** The loops that are held or slowed; from then on events tell. */
  gates?: GateState[]
  revision: number
  /** True when events before `events[0]` were asked for but are no longer kept. */
  missed: boolean
}

export function pictureNode(node: Node): PictureNode {
  return { name: node.metadata?.name ?? '', ready: nodeIsReady(node), simulated: nodeIsSimulated(node) }
}

export function nodeIsReady(node: Node): boolean {
  return node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}

/** Simulated nodes say so themselves: no container engine speaks in their status. */
export const nodeIsSimulated = (node: Node): boolean =>
  !/^(docker|containerd|cri-o):/.test(node.status?.nodeInfo?.containerRuntimeVersion ?? '')

export function picturePod(pod: Pod): PicturePod {
  return {
    namespace: pod.metadata?.namespace ?? '',
    name: pod.metadata?.name ?? '',
    node: pod.spec?.nodeName ?? '',
    status: podStatus(pod),
    ready: pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
    owner: pod.metadata?.ownerReferences?.find(({ controller }) => controller)?.name ?? '',
  }
}

/** The very word that `kubectl get pods` prints: the kind's own column. */
function podStatus(pod: Pod): string {
  return String(PodKind.columns.find(({ name }) => name === 'Status')?.value(pod, 0) ?? '')
}
