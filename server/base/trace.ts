// The trace port: what the see-through is made of. Components say here what they did, at the moment they did it;
// observe/ collects it. Nothing is sampled and nothing is guessed, so emitting must be cheap: no I/O, no formatting.
//
// Causes travel as revisions. Whoever writes because of an object it has seen says that object's resourceVersion
// (`because`). The API server knows which request made each revision, so any write can be walked back to the
// request that started it all: `cause`, the id of a request that was because of nothing, that is of a person.

/** One request, when its answer is complete (a watch: when it has been opened). */
export interface RequestTrace {
  type: 'request'
  at: number
  /** The audit id. */
  id: string
  /** Who sent it, by the first words of its user agent: `kubectl`, `kubelet/node-1`, `kube-scheduler` … */
  client: string
  user: string
  verb: string
  group: string
  resource: string
  subresource: string
  namespace: string
  name: string
  /** Where no resource was asked for: `/healthz`. */
  path?: string
  code: number
  durationMs: number
  stages: RequestStage[]
  /** Why it was let through, or not; absent when it was refused before anybody was asked. */
  decision?: RequestDecision
  /** The revision that this request wrote, if it wrote one. */
  revision?: number
  because?: number
  /** The resourceVersion that the sender said its copy of the object has: the write is meant for that state only. */
  meantFor?: number
  /** What a writer sent that the store refused because the object had changed meanwhile. */
  refused?: object
  /** Id of the request at the root of the chain of causes; its own id when it is because of nothing. */
  cause: string
}

export interface RequestStage {
  name: 'authentication' | 'authorization' | 'admission' | 'store'
  durationMs: number
  /** Few words: `ServiceAccount`, `RBAC: allowed`, `11 plug-ins`, `compare, append`. */
  detail: string
  ok: boolean
}

/** Why a request was let through or refused: what it was, not how to say it. */
export interface RequestDecision {
  allowed: boolean
  /** How the sender proved who it is: `x509`, `ServiceAccount`, `anonymous`, `in process`. */
  authenticator: string
  /** What the sender counts as, besides the name. */
  groups: readonly string[]
  /** Who really sent it, when it acts as somebody else (`kubectl --as`). */
  impersonator?: string
  /** Those who were asked, in order; the last one decided, unless it had no opinion either. */
  asked: readonly Opinion[]
  /** The rule that allowed it, when a rule did. */
  by?: GrantedRule
  /** When refused: the rules of the sender that came nearest to allowing it, nearest first. */
  nearest?: readonly NearMiss[]
}

export interface Opinion {
  /** `system:masters`, `Node`, `RBAC`. */
  authorizer: string
  verdict: 'allow' | 'deny' | 'no opinion'
  reason: string
}

/** One way in which rights come to somebody: who → binding → role. Namespaces are empty where there is none. */
export interface Grant {
  subject: { kind: string; name: string; namespace: string }
  binding: { kind: 'RoleBinding' | 'ClusterRoleBinding'; name: string; namespace: string }
  role: { kind: string; name: string; namespace: string }
}

export interface GrantedRule extends Grant {
  /** Which rule of the role, from 0. */
  rule: number
}

/** A rule that was not enough: which of its parts fit the request, and which did not. */
export interface NearMiss extends GrantedRule {
  fits: { place: boolean; group: boolean; resource: boolean; name: boolean; verb: boolean }
}

/** A revision was appended to the store. */
export interface AppendTrace {
  type: 'append'
  at: number
  revision: number
  operation: 'create' | 'update' | 'delete'
  group: string
  resource: string
  namespace: string
  name: string
  /** The client of the request that wrote it. */
  client: string
  requestId: string
  cause: string
}

/** A watch event was handed to one watcher. */
export interface DeliverTrace {
  type: 'deliver'
  at: number
  revision: number
  event: 'ADDED' | 'MODIFIED' | 'DELETED'
  client: string
  /** Id of the watch request. */
  watch: string
  group: string
  resource: string
  namespace: string
  name: string
  cause: string
}

/** A watch was opened or closed; between them its client hears every event. */
export interface WatchTrace {
  type: 'watch'
  at: number
  state: 'open' | 'closed'
  watch: string
  client: string
  group: string
  resource: string
  namespace: string
}

/** A loop's work queue or cache changed. */
export interface LoopTrace {
  type: 'loop'
  at: number
  /** As its requests are named: `kube-controller-manager/replicaset-controller`. */
  client: string
  /** Keys waiting, longest first, at most ten. */
  queue: string[]
  queueLength: number
  /** The newest revision its caches have heard of. */
  cacheRevision: number
  /** It ran in somebody's program, which is gone. */
  hasEnded?: true
}

/** Somebody holds, steps, slows or releases a loop, or a held loop has used up a step. */
export interface GateTrace {
  type: 'gate'
  at: number
  client: string
  held: boolean
  /** Turns that it may still take while it is held. */
  steps: number
  /** At least so long from one turn to the next; 0: as fast as it can. */
  everyMs: number
}

/** The store has forgotten what was superseded before this revision. */
export interface CompactTrace {
  type: 'compact'
  at: number
  revision: number
}

/** One turn of a loop. */
export interface ReconcileTrace {
  type: 'reconcile'
  at: number
  durationMs: number
  client: string
  key: string
  /** The newest revision among what it looked at. */
  because?: number
  outcome: 'done' | 'requeue' | 'error'
  error?: string
  /** In words, as the microscope shows them; empty where the loop has nothing to say. */
  wanted: string
  seen: string
  did: string[]
  wrote: number[]
}

/** The scheduler's verdict on one pod, at one attempt. */
export interface ScheduleTrace {
  type: 'schedule'
  at: number
  durationMs: number
  /** The profile that decided. */
  scheduler: string
  pod: string
  nodes: {
    name: string
    /** The plug-in that refused the node, and why. */
    failed?: { plugin: string; reason: string }
    score?: number
    /** By plug-in: what it said in its own measure, and what that counts in the sum. */
    scores?: Record<string, { raw: number; weighted: number }>
  }[]
  /** So many more were looked at: of a large cluster not all are told. */
  more: number
  chosen?: string
  /** Why it fits nowhere, as `kubectl describe` says it; making room included. */
  message?: string
  /** The plug-in that does not let it into the line yet; then no node was looked at. */
  gate?: string
  /** Where room is being made, and who has to go for it. */
  preemption?: { node: string; victims: string[] }
  /** What would have it tried again, by the plug-ins that refused. */
  wokenBy?: { plugin: string; events: string[] }[]
}

export type TraceEvent =
  | RequestTrace
  | AppendTrace
  | DeliverTrace
  | WatchTrace
  | LoopTrace
  | GateTrace
  | CompactTrace
  | ReconcileTrace
  | ScheduleTrace

export interface Trace {
  emit(event: TraceEvent): void
  /** False while nobody looks: then what comes by the hundred at once need not be told. */
  readonly isWatched?: boolean
}

export const noTrace: Trace = { emit: () => undefined, isWatched: false }
