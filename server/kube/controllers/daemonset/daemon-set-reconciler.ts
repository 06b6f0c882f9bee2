// Keeps one pod on every node that suits. Upstream: kubernetes/pkg/controller/daemon/daemon_controller.go.

import type { DaemonSet as AppsDaemonSet, ControllerRevision as Revision } from 'kubernetes-types/apps/v1'
import type { Node as CoreNode, Pod as CorePod } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { selectorOfObject } from '../../apimachinery/label-selector.ts'
import { controllerOf } from '../../apimachinery/object-meta.ts'
import { isNotFound } from '../../apimachinery/status-error.ts'
import type { ClusterView } from '../../client/controller-builder.ts'
import { Expectations } from '../../client/expectations.ts'
import type { IndexedCache, Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import { ControllerRevision } from '../../kinds/controller-revision.ts'
import { DaemonSet } from '../../kinds/daemon-set.ts'
import { Node } from '../../kinds/node.ts'
import { Pod } from '../../kinds/pod.ts'
import { claim } from '../claim.ts'
import { createPod, deletePod, isNamespaceTerminating } from '../pod-control.ts'
import { availableInMs, isTerminated } from '../pod-state.ts'
import { currentRevision, hashOf, ownRevisions, pruneRevisions, REVISION_HASH } from '../revision-history.ts'
import { slowStart } from '../slow-start.ts'
import { nodeOf, templateFor, verdictOn } from './daemon-pods.ts'
import { FailedPods } from './failed-pods.ts'
import { withOneRevision } from './one-revision.ts'
import { type Plan, planRollout } from './plan-rollout.ts'
import { planNode } from './pods-on-node.ts'
import { nextStatus, type Seen, shown } from './set-status.ts'

const BURST = 250
const GENERATION = 'deprecated.daemonset.template.generation'

export class DaemonSetReconciler implements Reconciler {
  readonly #view: ClusterView
  readonly #sets: Lister<AppsDaemonSet>
  readonly #nodes: Lister<CoreNode>
  readonly #pods: IndexedCache<CorePod>
  readonly #revisions: IndexedCache<Revision>
  readonly #expectations: Expectations
  readonly #failed: FailedPods

  constructor(view: ClusterView) {
    this.#view = view
    this.#sets = view.cache(DaemonSet)
    this.#nodes = view.cache(Node)
    this.#pods = view.cache(Pod)
    this.#revisions = view.cache(ControllerRevision)
    this.#expectations = new Expectations(view.clock)
    this.#failed = new FailedPods(view.clock)
    view.onChange(Pod, (change) => this.#expectations.heard(change, 'DaemonSet'))
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const { key, report } = context
    const set = this.#sets.get(key)
    if (!set) {
      this.#failed.forget(key)
      return this.#expectations.forget(key)
    }
    if (set.metadata?.deletionTimestamp) return
    const unheardMs = this.#expectations.waitMs(key)
    const mayAct = unheardMs === 0
    const { pods, revisions } = await withOneRevision(context, set, {
      pods: await this.#claimPods(context, set),
      revisions: await ownRevisions(context, { kind: DaemonSet, owner: set, cache: this.#revisions }),
    })
    const template = set.spec?.template ?? {}
    const newest = await currentRevision(context, { kind: DaemonSet, owner: set, template, revisions })
    const hash = hashOf(newest)
    const verdicts = new Map(this.#nodes.list().map((node) => [node.metadata?.name ?? '', verdictOn(set, node)]))
    // Nothing more is to be done for those that have ended and are let go; somebody else holds them.
    const there = pods.filter((pod) => !isTerminated(pod) || !pod.metadata?.deletionTimestamp)
    const byNode = Map.groupBy(there, (pod) => nodeOf(pod) ?? '')
    byNode.delete('')
    const desired = [...verdicts.values()].filter(({ shouldRun }) => shouldRun).length
    report.sees(set, ...pods)
    report.wanted = `a Pod on each of ${desired} nodes`
    report.seen = `${pods.length} Pods on ${byNode.size} nodes`
    const now = this.#view.clock.now()
    const seen: Seen = { set, verdicts, byNode, hash, now, mayAct }
    const outcome = mayAct ? await this.#act(context, seen) : {}
    const inUse = new Set([hash, ...pods.map(({ metadata }) => metadata?.labels?.[REVISION_HASH] ?? '')])
    await pruneRevisions(context, { revisions, inUse, newest, limit: set.spec?.revisionHistoryLimit ?? 10 })
    await this.#writeStatus(context, seen)
    if (outcome.error) throw outcome.error
    const waits = [unheardMs, ...pods.map((pod) => availableInMs(pod, set.spec?.minReadySeconds ?? 0, now))].filter(
      (wait) => wait > 0 && wait < Number.POSITIVE_INFINITY,
    )
    const soonest = Math.min(...waits, outcome.waitMs ?? Number.POSITIVE_INFINITY)
    return soonest < Number.POSITIVE_INFINITY ? { requeueAfterMs: soonest } : undefined
  }

  #claimPods(context: ReconcileContext, set: AppsDaemonSet): Promise<CorePod[]> {
    const { uid, namespace = '' } = set.metadata ?? {}
    const orphans = this.#pods.inNamespace(namespace).filter((pod) => !controllerOf(pod))
    return claim({
      context,
      ownerKind: DaemonSet,
      owner: set,
      selector: selectorOfObject(set.spec?.selector),
      kind: Pod,
      candidates: [...this.#pods.controlledBy(uid), ...orphans],
    })
  }

  async #act(context: ReconcileContext, seen: Seen): Promise<{ error?: unknown; waitMs?: number }> {
    const { set, verdicts, byNode, hash, now } = seen
    const plan: Plan = { remove: [], create: [] }
    let waitMs = Number.POSITIVE_INFINITY
    for (const [node, verdict] of verdicts) {
      const retryInMs = this.#failed.waitMs(context.key, set, node)
      const turn = planNode({ set, pods: byNode.get(node) ?? [], verdict, hash, now, retryInMs })
      plan.remove.push(...turn.remove)
      if (turn.create) plan.create.push(node)
      if (turn.ended.some(({ status }) => status?.phase === 'Failed')) this.#failed.add(context.key, set, node)
      for (const pod of turn.ended) tellEnded(context, set, pod, node)
      waitMs = Math.min(waitMs, turn.waitMs ?? Number.POSITIVE_INFINITY)
    }
    // Meant for a node that is no more, and never started.
    for (const [node, pods] of byNode) {
      if (!verdicts.has(node)) plan.remove.push(...pods.filter(({ spec }) => !spec?.nodeName).filter(isThere))
    }
    if (plan.remove.length === 0 && plan.create.length === 0 && set.spec?.updateStrategy?.type === 'RollingUpdate') {
      const nodes = new Map([...byNode].map(([node, pods]) => [node, { pods, shouldRun: false }]))
      for (const [node, { shouldRun }] of verdicts) {
        if (shouldRun) nodes.set(node, { pods: byNode.get(node) ?? [], shouldRun })
      }
      const rollout = planRollout({ set, nodes, hash, now })
      plan.remove.push(...rollout.remove)
      plan.create.push(...rollout.create)
    }
    const error = await this.#carryOut(context, set, plan, hash)
    return { ...(error === undefined ? {} : { error }), waitMs }
  }

  async #carryOut(
    context: ReconcileContext,
    set: AppsDaemonSet,
    { remove, create }: Plan,
    hash: string,
  ): Promise<unknown> {
    const { key, report } = context
    const nodes = create.slice(0, BURST)
    const victims = remove.slice(0, BURST)
    if (nodes.length === 0 && victims.length === 0) return undefined
    this.#expectations.expect(key, {
      creations: nodes.length,
      deletions: victims.map(({ metadata }) => metadata?.uid ?? ''),
    })
    const generation = set.metadata?.annotations?.[GENERATION] ?? '1'
    const made = await slowStart(nodes.length, async () => {
      const template = templateFor(set, nodes.shift() ?? '', { hash, generation })
      await createPod(context, DaemonSet, set, template).catch((err) => {
        if (!isNamespaceTerminating(err)) throw err
        this.#expectations.creationObserved(key)
      })
    })
    this.#expectations.creationObserved(key, made.failed + made.skipped)
    const results = await Promise.allSettled(
      victims.map((pod) =>
        deletePod(context, DaemonSet, set, pod).catch((err) => {
          this.#expectations.deletionObserved(key, pod.metadata?.uid ?? '')
          if (!isNotFound(err)) throw err
        }),
      ),
    )
    report.did.push(`created ${made.succeeded}, deleted ${victims.length}`)
    return made.error ?? results.find((result) => result.status === 'rejected')?.reason
  }

  async #writeStatus({ client, report }: ReconcileContext, seen: Seen): Promise<void> {
    const { set } = seen
    const status = nextStatus(seen)
    if (deepEqual(status, shown(set.status ?? {}))) return
    await client.of(DaemonSet).updateStatus({ ...set, status })
    report.did.push(`status: ${status.numberReady} of ${status.desiredNumberScheduled} ready`)
  }
}

const isThere = ({ metadata }: CorePod) => !metadata?.deletionTimestamp

function tellEnded(context: ReconcileContext, set: AppsDaemonSet, { metadata, status }: CorePod, node: string): void {
  const where = `daemon pod ${metadata?.namespace}/${metadata?.name} on node ${node}, will try to `
  if (status?.phase === 'Failed') {
    context.event(DaemonSet, set, 'Warning', 'FailedDaemonPod', `Found failed ${where}kill it`)
  } else context.event(DaemonSet, set, 'Normal', 'SucceededDaemonPod', `Found succeeded ${where}delete it`)
}
