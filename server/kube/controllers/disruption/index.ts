import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import type { PodDisruptionBudget as Budget } from 'kubernetes-types/policy/v1'
import { isoTime } from '../../../base/clock.ts'
import { deepEqual } from '../../apimachinery/deep.ts'
import { selectorOfObject } from '../../apimachinery/label-selector.ts'
import { type KubeObject, keyOf } from '../../apimachinery/object-meta.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import { Deployment } from '../../kinds/deployment.ts'
import { Pod } from '../../kinds/pod.ts'
import { PodDisruptionBudget } from '../../kinds/pod-disruption-budget.ts'
import { ReplicaSet } from '../../kinds/replica-set.ts'
import { ReplicationController } from '../../kinds/replication-controller.ts'
import { StatefulSet } from '../../kinds/stateful-set.ts'
import { nextStatus } from './budget-status.ts'
import { expectedPods, scaleFinder } from './expected-pods.ts'

/** Counts, for each budget, how many pods may still be taken away. Upstream: kubernetes/pkg/controller/disruption. */
class DisruptionReconciler implements Reconciler {
  readonly #view: ClusterView
  readonly #budgets: Lister<Budget>
  readonly #pods: Lister<CorePod>
  readonly #scaleOf: ReturnType<typeof scaleFinder>

  constructor(view: ClusterView) {
    this.#view = view
    this.#budgets = view.cache(PodDisruptionBudget)
    this.#pods = view.cache(Pod)
    this.#scaleOf = scaleFinder(view)
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const { key, client, report } = context
    const budget = this.#budgets.get(key)
    if (!budget || budget.metadata?.deletionTimestamp) return
    const pods = this.#pods.inNamespace(budget.metadata?.namespace ?? '').filter((pod) => covers(budget, pod))
    report.sees(budget, ...pods)
    const clock = this.#view.clock
    const expected = expectedPods(pods, this.#scaleOf)
    const { status, nextMs } = nextStatus({ budget, pods, expected, now: clock.now(), at: isoTime(clock) })
    report.wanted = `${status.desiredHealthy} healthy Pods`
    report.seen = `${status.currentHealthy} healthy: ${status.disruptionsAllowed} may go`
    if (pods.length === 0) context.event(PodDisruptionBudget, budget, 'Normal', 'NoPods', 'No matching pods found')
    if (!deepEqual(status, budget.status)) {
      await client.of(PodDisruptionBudget).updateStatus({ ...budget, status })
      report.did.push(`status: ${status.disruptionsAllowed} disruptions allowed`)
    }
    return nextMs === undefined ? undefined : { requeueAfterMs: nextMs }
  }
}

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

export const disruptionController = controller('disruption')
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
  .reconcileWith((view) => new DisruptionReconciler(view))
