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
import { availableInMs, isReady, isTerminated } from '../pod-state.ts'
import { currentRevision, hashOf, pruneRevisions, REVISION_HASH } from '../revision-history.ts'
import { slowStart } from '../slow-start.ts'
import { nodeOf, templateFor, type Verdict, verdictOn } from './daemon-pods.ts'
import { isNew, type Plan, planRollout } from './plan-rollout.ts'

const BURST = 250
const GENERATION = 'deprecated.daemonset.template.generation'
/** A pod that fails again and again is given some time; less than its kubelet takes to contradict whoever says that it failed. */
const FAILED_AGAIN_MS = 5_000

export class DaemonSetReconciler implements Reconciler {
  readonly #view: ClusterView
  readonly #sets: Lister<AppsDaemonSet>
  readonly #nodes: Lister<CoreNode>
  readonly #pods: IndexedCache<CorePod>
  readonly #revisions: IndexedCache<Revision>
  readonly #expectations: Expectations

  constructor(view: ClusterView) {
    this.#view = view
    this.#sets = view.cache(DaemonSet)
    this.#nodes = view.cache(Node)
    this.#pods = view.cache(Pod)
    this.#revisions = view.cache(ControllerRevision)
    this.#expectations = new Expectations(view.clock)
    view.onChange(Pod, (change) => this.#expectations.heard(change, 'DaemonSet'))
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const { key, report } = context
    const set = this.#sets.get(key)
    if (!set) return this.#expectations.forget(key)
    if (set.metadata?.deletionTimestamp) return
    const unheardMs = this.#expectations.waitMs(key)
    const mayAct = unheardMs === 0
    const pods = await this.#claimPods(context, set)
    const revisions = this.#revisions.controlledBy(set.metadata?.uid)
    const template = set.spec?.template ?? {}
    const newest = await currentRevision(context, { kind: DaemonSet, owner: set, template, revisions })
    const hash = hashOf(newest)
    const verdicts = new Map(this.#nodes.list().map((node) => [node.metadata?.name ?? '', verdictOn(set, node)]))
    const byNode = Map.groupBy(pods, (pod) => nodeOf(pod) ?? '')
    const desired = [...verdicts.values()].filter(({ shouldRun }) => shouldRun).length
    report.sees(set, ...pods)
    report.wanted = `a Pod on each of ${desired} nodes`
    report.seen = `${pods.length} Pods on ${byNode.size} nodes`
    const now = this.#view.clock.now()
    const outcome = mayAct ? await this.#act(context, { set, verdicts, byNode, hash, now }) : {}
    const inUse = new Set([hash, ...pods.map(({ metadata }) => metadata?.labels?.[REVISION_HASH] ?? '')])
    await pruneRevisions(context, { revisions, inUse, limit: set.spec?.revisionHistoryLimit ?? 10 })
    await this.#writeStatus(context, { set, verdicts, byNode, hash, now })
    if (outcome.error) throw outcome.error
    const waits = [unheardMs, ...pods.map((pod) => availableInMs(pod, set.spec?.minReadySeconds ?? 0, now))].filter(
      (wait) => wait > 0 && wait < Number.POSITIVE_INFINITY,
    )
    const soonest = Math.min(...waits, outcome.waitMs ?? Number.POSITIVE_INFINITY)
    return soonest < Number.POSITIVE_INFINITY ? { requeueAfterMs: soonest } : undefined
  }

  #claimPods(context: ReconcileContext, set: AppsDaemonSet): Promise<CorePod[]> {
    const { uid, namespace = '' } = set.metadata ?? {}
    const orphans = this.#pods.inNamespace(namespace).filter((pod) => !controllerOf(pod) && !isTerminated(pod))
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
    let waitMs: number | undefined
    for (const [node, verdict] of verdicts) {
      const turn = onNode(context, set, byNode.get(node) ?? [], verdict, { hash, now })
      plan.remove.push(...turn.remove)
      if (turn.create) plan.create.push(node)
      waitMs = turn.waitMs ?? waitMs
    }
    // Meant for a node that is no more, and never started.
    for (const [node, pods] of byNode) {
      if (!verdicts.has(node)) plan.remove.push(...pods.filter(({ spec }) => !spec?.nodeName).filter(isThere))
    }
    if (plan.remove.length === 0 && plan.create.length === 0 && set.spec?.updateStrategy?.type === 'RollingUpdate') {
      const wanted = new Map(
        [...verdicts].filter(([, { shouldRun }]) => shouldRun).map(([node]) => [node, byNode.get(node) ?? []]),
      )
      const rollout = planRollout({ set, podsByNode: wanted, hash, now })
      plan.remove.push(...rollout.remove)
      plan.create.push(...rollout.create)
    }
    const error = await this.#carryOut(context, set, plan, hash)
    return { ...(error === undefined ? {} : { error }), ...(waitMs === undefined ? {} : { waitMs }) }
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

  async #writeStatus({ client, report }: ReconcileContext, { set, verdicts, byNode, hash, now }: Seen): Promise<void> {
    const status = {
      currentNumberScheduled: 0,
      numberMisscheduled: 0,
      desiredNumberScheduled: 0,
      numberReady: 0,
      updatedNumberScheduled: 0,
      numberAvailable: 0,
    }
    for (const [node, { shouldRun }] of verdicts) {
      const pods = byNode.get(node) ?? []
      if (!shouldRun) {
        if (pods.length > 0) status.numberMisscheduled++
        continue
      }
      status.desiredNumberScheduled++
      if (pods.length === 0) continue
      status.currentNumberScheduled++
      const [oldest] = [...pods].sort((a, b) => Number(isReady(b)) - Number(isReady(a)) || olderFirst(a, b))
      if (oldest && isReady(oldest)) status.numberReady++
      if (pods.some((pod) => availableInMs(pod, set.spec?.minReadySeconds ?? 0, now) === 0)) status.numberAvailable++
      if (pods.some((pod) => isNew(pod, hash))) status.updatedNumberScheduled++
    }
    const next = {
      ...status,
      numberUnavailable: status.desiredNumberScheduled - status.numberAvailable,
      observedGeneration: set.metadata?.generation ?? 0,
      ...(set.status?.conditions ? { conditions: set.status.conditions } : {}),
    }
    if (deepEqual(shown(next), shown(set.status ?? {}))) return
    await client.of(DaemonSet).updateStatus({ ...set, status: shown(next) as typeof next })
    report.did.push(`status: ${next.numberReady} of ${next.desiredNumberScheduled} ready`)
  }
}

interface Seen {
  set: AppsDaemonSet
  verdicts: ReadonlyMap<string, Verdict>
  byNode: ReadonlyMap<string, readonly CorePod[]>
  hash: string
  now: number
}

/** Zeros that upstream leaves out. */
function shown(status: object): object {
  const optional = new Set(['updatedNumberScheduled', 'numberAvailable', 'numberUnavailable'])
  return Object.fromEntries(Object.entries(status).filter(([field, value]) => !(optional.has(field) && value === 0)))
}

const isThere = ({ metadata }: CorePod) => !metadata?.deletionTimestamp

function olderFirst({ metadata: a }: CorePod, { metadata: b }: CorePod): number {
  const [one, other] = [`${a?.creationTimestamp}${a?.uid}`, `${b?.creationTimestamp}${b?.uid}`]
  return one < other ? -1 : 1
}

function onNode(
  context: ReconcileContext,
  set: AppsDaemonSet,
  pods: readonly CorePod[],
  { shouldRun, mayStay }: Verdict,
  { hash, now }: { hash: string; now: number },
): { remove: CorePod[]; create: boolean; waitMs?: number } {
  if (!mayStay) return { remove: pods.filter(isThere), create: false }
  if (pods.length === 0) return { remove: [], create: shouldRun }
  const remove: CorePod[] = []
  let waitMs: number | undefined
  const running: CorePod[] = []
  for (const pod of pods) {
    if (!isThere(pod)) continue
    const { phase } = pod.status ?? {}
    if (phase !== 'Failed' && phase !== 'Succeeded') {
      running.push(pod)
      continue
    }
    const age = now - Date.parse(pod.metadata?.creationTimestamp ?? '')
    if (age < FAILED_AGAIN_MS) {
      waitMs = FAILED_AGAIN_MS - age
      continue
    }
    const where = `daemon pod ${pod.metadata?.namespace}/${pod.metadata?.name} on node ${nodeOf(pod)}, will try to `
    if (phase === 'Failed') context.event(DaemonSet, set, 'Warning', 'FailedDaemonPod', `Found failed ${where}kill it`)
    else context.event(DaemonSet, set, 'Normal', 'SucceededDaemonPod', `Found succeeded ${where}delete it`)
    remove.push(pod)
  }
  // Two of one template are one too many; an old and a new one are a rollout.
  for (const same of [running.filter((pod) => isNew(pod, hash)), running.filter((pod) => !isNew(pod, hash))]) {
    remove.push(...same.sort(olderFirst).slice(1))
  }
  return { remove, create: false, ...(waitMs === undefined ? {} : { waitMs }) }
}
