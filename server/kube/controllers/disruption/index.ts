import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import type { PodDisruptionBudget as Budget } from 'kubernetes-types/policy/v1'
import { isoTime } from '../../../base/clock.ts'
import { deepEqual } from '../../apimachinery/deep.ts'
import { formatSelector, type LabelSelector, selectorOfObject } from '../../apimachinery/label-selector.ts'
import { type KubeObject, keyOf } from '../../apimachinery/object-meta.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { Deployment } from '../../kinds/deployment.ts'
import { Pod } from '../../kinds/pod.ts'
import { PodDisruptionBudget } from '../../kinds/pod-disruption-budget.ts'
import { observed } from '../../kinds/pod-template/observed.ts'
import { ReplicaSet } from '../../kinds/replica-set.ts'
import { ReplicationController } from '../../kinds/replication-controller.ts'
import { StatefulSet } from '../../kinds/stateful-set.ts'
import { isTerminated, podCondition } from '../pod-state.ts'
import { nextStatus } from './budget-status.ts'
import { expectedPods, scaleFinder } from './expected-pods.ts'

/** Counts, for each budget, how many pods may still be taken away. Upstream: kubernetes/pkg/controller/disruption. */
class DisruptionReconciler implements Reconciler {
  readonly #view: ClusterView
  readonly #budgets: Lister<Budget>
  readonly #pods: Lister<CorePod>
  readonly #scaleOf: ReturnType<typeof scaleFinder>

  constructor(view: ClusterView, kinds: readonly AnyKind[]) {
    this.#view = view
    this.#budgets = view.cache(PodDisruptionBudget)
    this.#pods = view.cache(Pod)
    this.#scaleOf = scaleFinder(view, kinds)
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const { key, client, report } = context
    const budget = this.#budgets.get(key)
    if (!budget || budget.metadata?.deletionTimestamp) return
    const pods = this.#pods.inNamespace(budget.metadata?.namespace ?? '').filter((pod) => covers(budget, pod))
    report.sees(budget, ...pods)
    const clock = this.#view.clock
    const { count: expected, hasUnmanaged } = await expectedPods(client, pods, this.#scaleOf)
    const { status, nextMs, notDeleted } = nextStatus({ budget, pods, expected, now: clock.now(), at: isoTime(clock) })
    report.wanted = `${status.desiredHealthy} healthy Pods`
    report.seen = `${status.currentHealthy} healthy: ${status.disruptionsAllowed} may go`
    if (pods.length === 0) context.event(PodDisruptionBudget, budget, 'Normal', 'NoPods', 'No matching pods found')
    const { minAvailable, selector } = budget.spec ?? {}
    if (typeof minAvailable !== 'number') {
      const warn = (reason: string, message: string) =>
        context.event(PodDisruptionBudget, budget, 'Warning', reason, message)
      if (typeof expected === 'string') {
        warn('CalculateExpectedPodCountFailed', `Failed to calculate the number of expected pods: ${expected}`)
      } else if (hasUnmanaged) warn('UnmanagedPods', unmanaged(selector))
    }
    for (const pod of notDeleted) {
      const message = `Pod was expected by PDB ${key} to be deleted but it wasn't`
      context.event(Pod, pod, 'Warning', 'NotDeleted', message)
    }
    if (!deepEqual(status, budget.status)) {
      await client.of(PodDisruptionBudget).updateStatus({ ...budget, status })
      report.did.push(`status: ${status.disruptionsAllowed} disruptions allowed`)
    }
    return nextMs === undefined ? undefined : { requeueAfterMs: nextMs }
  }
}

const unmanaged = (selector: LabelSelector | undefined) =>
  `Pods selected by this PodDisruptionBudget (selector: ${formatSelector(selectorOfObject(selector))}) were found to be ` +
  'unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. ' +
  'To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.'

function covers({ spec }: Budget, { metadata }: CorePod): boolean {
  return spec?.selector !== undefined && selectorOfObject(spec.selector).matches(metadata?.labels)
}

/** When somebody scales, what is expected changes for every budget of the namespace. */
const budgetsBeside = (object: KubeObject, view: ClusterView) =>
  view
    .cache(PodDisruptionBudget)
    .inNamespace(object.metadata?.namespace ?? '')
    .map(keyOf)

type Scaled = KubeObject & { spec?: { replicas?: number } }
const onScale = (change: { type: string; object: Scaled; previous?: Scaled }, view: ClusterView) =>
  change.type === 'updated' && change.previous?.spec?.replicas === change.object.spec?.replicas
    ? []
    : budgetsBeside(change.object, view)

/** After so long whoever meant to disrupt a pod has not done it, and it goes on. */
const STALE_MS = 2 * 60_000

/** Takes back what a pod was told of a disruption that never came. */
class StaleDisruptionReconciler implements Reconciler {
  readonly #view: ClusterView
  readonly #pods: Lister<CorePod>

  constructor(view: ClusterView) {
    this.#view = view
    this.#pods = view.cache(Pod)
  }

  async reconcile({ key, client, report }: ReconcileContext): Promise<Result> {
    const pod = this.#pods.get(key)
    const condition = pod && announced(pod)
    if (!pod || !condition) return
    const clock = this.#view.clock
    const leftMs = Date.parse(condition.lastTransitionTime ?? '') + STALE_MS - clock.now()
    if (leftMs > 0) return { requeueAfterMs: leftMs }
    const { namespace = '', name = '', uid } = pod.metadata ?? {}
    report.sees(pod)
    const told = { type: 'DisruptionTarget', status: 'False', reason: null, message: null }
    const conditions = [{ ...told, ...observed(pod), lastTransitionTime: isoTime(clock) }]
    const patch = { metadata: { uid }, status: { conditions } }
    await client
      .of(Pod)
      .patch({ namespace, name }, 'application/strategic-merge-patch+json', patch, { subresource: 'status' })
    report.did.push('took back that the pod was to be disrupted')
  }
}

/** The kubelet's own may take as long as it wants, and what has ended is told of for good. */
function announced(pod: CorePod) {
  const condition = podCondition(pod, 'DisruptionTarget')
  const isStanding = condition?.status === 'True' && condition.reason !== 'TerminationByKubelet'
  return isStanding && !pod.metadata?.deletionTimestamp && !isTerminated(pod) ? condition : undefined
}

export const staleDisruptionController = controller('stale-disruption')
  .queueNamed('stale_pod_disruption')
  .actsAs('disruption-controller')
  .watches(Pod, ({ object }) => (announced(object) ? [keyOf(object)] : []))
  .reconcileWith((view) => new StaleDisruptionReconciler(view))

export const disruptionController = (kinds: readonly AnyKind[]) =>
  controller('disruption')
    .eventsFrom('controllermanager')
    .for(PodDisruptionBudget)
    .watches(Pod, (change, view) => {
      const before = change.type === 'updated' ? change.previous : change.object
      return view
        .cache(PodDisruptionBudget)
        .inNamespace(change.object.metadata?.namespace ?? '')
        .filter((budget) => covers(budget, change.object) || covers(budget, before))
        .map(keyOf)
    })
    .watches(Deployment, onScale)
    .watches(ReplicaSet, onScale)
    .watches(ReplicationController, onScale)
    .watches(StatefulSet, onScale)
    .reconcileWith((view) => new DisruptionReconciler(view, kinds))
