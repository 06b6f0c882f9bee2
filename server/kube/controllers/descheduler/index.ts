import type { Namespace as CoreNamespace, Node as CoreNode, Pod as CorePod } from 'kubernetes-types/core/v1'
import { selectorOfObject } from '../../apimachinery/label-selector.ts'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { isNotFound, StatusError } from '../../apimachinery/status-error.ts'
import { objectPath } from '../../client/client.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import { Namespace } from '../../kinds/namespace.ts'
import { Node } from '../../kinds/node.ts'
import { Pod } from '../../kinds/pod.ts'
import { isTerminated } from '../pod-state.ts'
import { isEvictable } from './evictable.ts'
import { lowNodeUtilization } from './low-node-utilization.ts'
import { violatesInterPodAntiAffinity, violatesNodeAffinity, violatesNodeTaints } from './misplaced.ts'
import { DEFAULT_POLICY, type DeschedulerPolicy, STRATEGY_NAMES, type StrategyName } from './policy.ts'
import { duplicates, violatesTopologySpread } from './unbalanced.ts'
import { fitsElsewhere, nameOf, type Strategy, type World } from './world.ts'

const PERIOD_MS = 5 * 60_000
const TOO_MANY_REQUESTS = 429

type Profile = DeschedulerPolicy['profiles'][number]

/** Of a profile, what is enabled, with its arguments. */
function strategiesOf({ pluginConfig: told, plugins }: Profile): { name: StrategyName; strategy: Strategy }[] {
  const mayGo = (pod: CorePod) => isEvictable(pod, told.DefaultEvictor)
  const all: Record<StrategyName, Strategy> = {
    RemovePodsViolatingNodeTaints: violatesNodeTaints(told.RemovePodsViolatingNodeTaints),
    RemovePodsViolatingNodeAffinity: violatesNodeAffinity(),
    RemovePodsViolatingInterPodAntiAffinity: violatesInterPodAntiAffinity(),
    RemoveDuplicates: duplicates(told.RemoveDuplicates),
    RemovePodsViolatingTopologySpreadConstraint: violatesTopologySpread(
      told.RemovePodsViolatingTopologySpreadConstraint,
    ),
    LowNodeUtilization: lowNodeUtilization(told.LowNodeUtilization, mayGo),
  }
  const on = new Set([...plugins.deschedule.enabled, ...plugins.balance.enabled])
  return STRATEGY_NAMES.filter((name) => on.has(name)).map((name) => ({
    name,
    strategy: (world) => all[name](world).filter((pod) => mayGo(pod) && isMeant(pod, told, name) && fits(world, pod)),
  }))

  function fits(world: World, pod: CorePod): boolean {
    return !told.DefaultEvictor.nodeFit || fitsElsewhere(world, pod)
  }
}

/** Whether the strategy's arguments are about pods like this one. */
function isMeant({ metadata }: CorePod, told: Profile['pluginConfig'], name: StrategyName): boolean {
  const { namespaces, labelSelector, evictableNamespaces } = told[name] as {
    namespaces?: Namespaces
    labelSelector?: object
    evictableNamespaces?: Namespaces
  }
  const { include = [], exclude = [] } = namespaces ?? evictableNamespaces ?? {}
  const namespace = metadata?.namespace ?? ''
  if (exclude.includes(namespace) || (include.length > 0 && !include.includes(namespace))) return false
  return selectorOfObject(labelSelector ?? {}).matches(metadata?.labels)
}

interface Namespaces {
  include: readonly string[]
  exclude: readonly string[]
}

/**
 * Sends pods away that would be placed elsewhere today; who made them makes them anew, and the scheduler places them. It
 * asks for evictions, so that disruption budgets hold. Upstream: kubernetes-sigs/descheduler.
 */
class Descheduler implements Reconciler {
  readonly #nodes: Lister<CoreNode>
  readonly #pods: Lister<CorePod>
  readonly #namespaces: Lister<CoreNamespace>

  readonly #policy: DeschedulerPolicy

  constructor(view: ClusterView, policy: DeschedulerPolicy) {
    this.#policy = policy
    this.#nodes = view.cache(Node)
    this.#pods = view.cache(Pod)
    this.#namespaces = view.cache(Namespace)
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const { report } = context
    report.wanted = 'every pod where it would be placed today'
    const gone = new Set<CorePod>()
    for (const { name, strategy } of this.#policy.profiles.flatMap(strategiesOf)) {
      for (const pod of strategy(this.#world(gone))) {
        if (this.#areEnough(gone, pod)) report.did.push(`left ${keyOf(pod)}, since the policy lets no more go`)
        else if (await evict(context, pod, name)) gone.add(pod)
      }
    }
    report.seen = `${gone.size} of ${this.#pods.list().length} pods are better elsewhere`
    return { requeueAfterMs: PERIOD_MS }
  }

  #areEnough(gone: ReadonlySet<CorePod>, { metadata, spec }: CorePod): boolean {
    const { maxNoOfPodsToEvictPerNode, maxNoOfPodsToEvictPerNamespace, maxNoOfPodsToEvictTotal } = this.#policy
    const all = [...gone]
    const onNode = all.filter((other) => other.spec?.nodeName === spec?.nodeName).length
    const inNamespace = all.filter((other) => other.metadata?.namespace === metadata?.namespace).length
    return (
      onNode >= (maxNoOfPodsToEvictPerNode ?? Infinity) ||
      inNamespace >= (maxNoOfPodsToEvictPerNamespace ?? Infinity) ||
      all.length >= (maxNoOfPodsToEvictTotal ?? Infinity)
    )
  }

  #world(gone: ReadonlySet<CorePod>): World {
    const isThere = (pod: CorePod) => !gone.has(pod) && !isTerminated(pod) && !pod.metadata?.deletionTimestamp
    const byNode = Map.groupBy(this.#pods.list().filter(isThere), ({ spec }) => spec?.nodeName ?? '')
    return {
      places: this.#nodes.list().map((node) => ({ node, pods: byNode.get(nameOf(node)) ?? [] })),
      namespaceLabels: (name) => this.#namespaces.get(name)?.metadata?.labels,
    }
  }
}

/** False when it stays: a budget protects it, or it has gone already. */
async function evict(context: ReconcileContext, pod: CorePod, strategy: string): Promise<boolean> {
  const { namespace = '', name = '', uid } = pod.metadata ?? {}
  context.report.sees(pod)
  try {
    await context.client.transport.request({
      method: 'POST',
      path: objectPath(Pod, { namespace, name }, 'eviction'),
      body: {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { namespace, name },
        deleteOptions: uid ? { preconditions: { uid } } : {},
      },
    })
  } catch (err) {
    const isKept = err instanceof StatusError && err.code === TOO_MANY_REQUESTS
    if (!isKept && !isNotFound(err)) throw err
    if (isKept) context.report.did.push(`left ${keyOf(pod)}, which a budget protects`)
    return false
  }
  context.report.did.push(`evicted ${keyOf(pod)} (${strategy})`)
  context.event(Pod, pod, 'Normal', strategy, `Pod evicted from node ${pod.spec?.nodeName} by the descheduler`)
  return true
}

export const descheduler = (policy: DeschedulerPolicy = DEFAULT_POLICY) =>
  controller('descheduler')
    .actsAs('descheduler')
    .eventsFrom('descheduler')
    .offByDefault()
    .concurrency(1)
    .startsWith('cluster')
    .reconcileWith((view) => new Descheduler(view, policy))
