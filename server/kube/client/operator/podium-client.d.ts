// The types of podium-client.mjs, in one page. podium-client.test.ts holds them to what is there.

/** An object as the API server has it. Those from a cache are frozen: change a copy. */
export interface KubeObject {
  apiVersion?: string
  kind?: string
  metadata?: {
    name?: string
    namespace?: string
    uid?: string
    resourceVersion?: string
    generation?: number
    labels?: Record<string, string>
    annotations?: Record<string, string>
    creationTimestamp?: string
    deletionTimestamp?: string
    finalizers?: string[]
    ownerReferences?: OwnerReference[]
  }
}

export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

/** What a client has to know of a kind. */
export interface Kind<T extends KubeObject = KubeObject> {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly namespaced: boolean
  readonly __type?: T
}

/** Group '' and `namespaced` true when left out. */
export function defineKind<T extends KubeObject = KubeObject>(told: {
  group?: string
  version: string
  kind: string
  plural: string
  namespaced?: boolean
}): Kind<T>

export interface ObjectName {
  namespace?: string
  name: string
}

export interface KindClient<T extends KubeObject> {
  get(name: ObjectName): Promise<T>
  list(options?: { namespace?: string; labelSelector?: string; fieldSelector?: string }): Promise<{ items: T[] }>
  create(object: T): Promise<T>
  /** Refused with reason Conflict when the object's resourceVersion is not the stored one. */
  update(object: T): Promise<T>
  updateStatus(object: T): Promise<T>
  patch(
    name: ObjectName,
    type: 'application/json-patch+json' | 'application/merge-patch+json' | 'application/strategic-merge-patch+json',
    patch: unknown,
    options?: { subresource?: string },
  ): Promise<T>
  delete(name: ObjectName, options?: { propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' }): Promise<void>
}

/** Asks the API server; what a turn writes by it is shown as done because of what woke the turn. */
export interface Client {
  of<T extends KubeObject>(kind: Kind<T>): KindClient<T>
}

/** What the loop has heard: kept up to date by a watch, read without asking anybody. Keys are `namespace/name`. */
export interface Cache<T extends KubeObject> {
  get(key: string): T | undefined
  list(): T[]
  inNamespace(namespace: string): T[]
  /** Those whose controlling owner has this uid. */
  controlledBy(uid: string | undefined): T[]
}

export interface ClusterView {
  /** Asking for a cache makes the loop watch that kind. */
  cache<T extends KubeObject>(kind: Kind<T>): Cache<T>
}

export interface Turn {
  readonly key: string
  readonly client: Client
  /** What Podium's picture shows of the turn, in your words. */
  readonly report: { wanted: string; seen: string; readonly did: string[] }
  /** Records an Event about an object: `kubectl describe` shows it. */
  event(kind: Kind, about: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void
}

/**
 * Brings the world closer to what one object asks for. It is told the key and not what happened: it looks, compares, acts,
 * and is right whether it is called once or ten times. A rejection means "try again later, and ever more slowly"; a
 * TerminalError means "not again until something changes".
 */
export interface Reconciler {
  // biome-ignore lint/suspicious/noConfusingVoidType: most turns end by falling off the end of the function
  reconcile(turn: Turn): Promise<{ requeueAfterMs: number } | void>
}

export type Change<T extends KubeObject> =
  | { type: 'added' | 'deleted'; object: T }
  | { type: 'updated'; object: T; previous: T }

export interface Loop {
  readonly name: string
}

export interface LoopBuilder {
  /** Each change of such an object: its own key. */
  for<T extends KubeObject>(kind: Kind<T>): this
  /** Each change of such an object: the key of the one that controls it. */
  owns<T extends KubeObject>(kind: Kind<T>): this
  /** Each change of such an object: the keys that you name. */
  watches<T extends KubeObject>(kind: Kind<T>, keysOf: (change: Change<T>, view: ClusterView) => Iterable<string>): this
  /** How many keys may be worked on at once; 5 unless told. A key is never worked on twice at once. */
  concurrency(workers: number): this
  reconcileWith(reconcilerFor: (view: ClusterView) => Reconciler): Loop
}

export function controller(name: string): LoopBuilder

export class TerminalError extends Error {}

/** Runs until SIGTERM, Ctrl-C or the signal; finds the cluster as kubectl does, or by the pod's service account. */
export function runOperator(options: {
  name: string
  loops: readonly Loop[]
  kubeconfig?: string
  signal?: AbortSignal
}): Promise<void>
