// The stages of a decision and what a plug-in may do at each. A plug-in implements the stages it has something to say at.
//
//   preEnqueue ─► the queue
//   preFilter ─► filter (each node) ─┬─ some fit ─► preScore ─► score (each node) ─► normalize ─► reserve ─► permit ─► preBind ─► bind
//                                    └─ none fits ─► postFilter ─► back to the queue, until an event `mayHelp`
//
// Upstream: kubernetes/pkg/scheduler/framework/interface.go.

import type { Pod } from 'kubernetes-types/core/v1'
import { CLUSTER_EVENTS, type ClusterEvent, type ClusterEventType, hasOtherTaints } from './cluster-event.ts'
import type { NodeInfo } from './node-info.ts'
import type { NodeList } from './node-list.ts'

export const MAX_SCORE = 100

/** Why a node (or, from preFilter, every node) cannot have the pod. */
export interface Rejection {
  reasons: string[]
  /** Removing other pods would not help either. */
  unresolvable: boolean
}

/** From preFilter: the plug-in has nothing against any node, so its filter need not be asked. As well from preBindPreFlight. */
export const SKIP = 'skip'

/** From preFilter: all others are out of the question. */
export interface OnlyNodes {
  only: ReadonlySet<string>
}

export type PreFilterResult = Rejection | OnlyNodes | typeof SKIP | undefined

/** In place of a plug-in's name, for what an extender refused. Any event may help: nobody knows what it goes by. */
export const EXTENDER = 'Extender'

/** What plug-ins have worked out for one pod in one cycle, by plug-in name. */
export type CycleState = Map<string, unknown>

export interface Plugin {
  readonly name: string
  /** Takes part only where a profile enables it. */
  readonly isOptional?: boolean
  /** How much its scores count; 1 unless told. */
  readonly weight?: number
  /** Why there is no use in trying yet. The pod waits outside the line, without a word, until an event `mayHelp`. */
  preEnqueue?(pod: Pod): string | undefined
  preFilter?(state: CycleState, pod: Pod, nodes: NodeList): PreFilterResult
  filter?(state: CycleState, pod: Pod, node: NodeInfo): Rejection | undefined
  /** When no node fits: a last try to make one. */
  postFilter?(state: CycleState, pod: Pod, world: PostFilterWorld): PostFilterResult
  /** False when there is nothing to score by; then `score` is not called. */
  preScore?(state: CycleState, pod: Pod, feasible: readonly NodeInfo[], all: NodeList): boolean
  score?(state: CycleState, pod: Pod, node: NodeInfo): number
  /** Brings the scores of all nodes between 0 and MAX_SCORE; in place. */
  normalize?(state: CycleState, pod: Pod, scores: NodeScore[]): void
  reserve?(state: CycleState, pod: Pod, node: string): void
  unreserve?(state: CycleState, pod: Pod, node: string): void | Promise<void>
  /** A rejection, or how long at most the pod waits until somebody lets it go on (`WaitingPods`). */
  permit?(state: CycleState, pod: Pod, node: string): Rejection | { waitMs: number } | undefined
  /** SKIP when `preBind` keeps nobody waiting; unless told it may, and the pod says where it is going until it is bound. */
  preBindPreFlight?(state: CycleState, pod: Pod, node: string): typeof SKIP | undefined
  /**
   * What must be done before the pod is bound, in any case; a rejection takes the decision back. The signal says that the
   * pod is gone, or has lost its room to another.
   */
  preBind?(state: CycleState, pod: Pod, node: string, signal: AbortSignal): Promise<void>
  /** True when it has bound the pod; false leaves it to the next. */
  bind?(state: CycleState, pod: Pod, node: string): Promise<boolean>
  /** What may let in a pod that this plug-in rejected; anything unless told. */
  readonly wokenBy?: readonly ClusterEventType[]
  /** Goes by what nodes keep away: of the others, those that new nodes help are asked anew after any change of that. */
  readonly heedsTaints?: boolean
  /** Whether it may after this one of these events; yes unless told. */
  mayHelp?(event: ClusterEvent, pod: Pod): boolean
}

export interface PostFilterWorld {
  nodes: NodeList
  rejections: ReadonlyMap<string, NodeRejection>
  /** Why the pod would not fit if one node were as it is told here and all others stayed as they are. */
  rejectionOn(node: NodeInfo): NodeRejection | undefined
  random: () => number
}

export interface PostFilterResult {
  /** Ends up in the pod's condition; empty when room is being made. */
  message: string
  /** Pods that have to go for this one. */
  preemption?: Preemption
  /** All that it was chosen from. */
  candidates?: readonly Preemption[]
  /** What else is to be done, that may help later. */
  errand?: () => Promise<void>
  /** False leaves an earlier nomination of a node as it is. */
  clearsNomination?: boolean
}

export interface Preemption {
  node: string
  /** The most important first. */
  victims: Pod[]
  /** How many of them a disruption budget would rather keep. */
  violations: number
}

export interface NodeRejection extends Rejection {
  plugin: string
}

export interface NodeScore {
  node: NodeInfo
  score: number
}

export const reject = (...reasons: string[]): Rejection => ({ reasons, unresolvable: false })
export const rejectForGood = (...reasons: string[]): Rejection => ({ reasons, unresolvable: true })

/** The largest becomes MAX_SCORE; `reverse` when less is better. */
export function normalizeByMax(scores: NodeScore[], { reverse }: { reverse: boolean }): void {
  let max = 0
  for (const { score } of scores) max = Math.max(max, score)
  for (const entry of scores) {
    const share = max === 0 ? 0 : Math.floor((entry.score * MAX_SCORE) / max)
    entry.score = reverse ? MAX_SCORE - share : share
  }
}

/** Whether a pod that the plug-in rejected may fit after the event. */
export function mayWake(
  { wokenBy = CLUSTER_EVENTS, heedsTaints, mayHelp }: Plugin,
  event: ClusterEvent,
  pod: Pod,
): boolean {
  // Upstream's way round news that it may miss (kubernetes/kubernetes#109437), and what people see of it.
  const isAsNew = event.type === 'node-updated' && wokenBy.includes('node-added') && hasOtherTaints(event)
  if (isAsNew && !heedsTaints) return true
  return wokenBy.includes(event.type) && (!mayHelp || mayHelp(event, pod))
}
