import type { PolicyRule, ClusterRole as WireClusterRole } from 'kubernetes-types/rbac/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { type LabelSelector, selectorOfObject } from '../../apimachinery/label-selector.ts'
import { objectPath } from '../../client/client.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler } from '../../client/reconcile-context.ts'
import { ClusterRole } from '../../kinds/cluster-role.ts'
import { apiVersionOf } from '../../kinds/define-kind.ts'

/**
 * Gathers the rules of other ClusterRoles into those with an aggregationRule: that is how `admin`, `edit` and `view`
 * come to know of new kinds. Upstream: kubernetes/pkg/controller/clusterroleaggregation.
 */
class AggregationReconciler implements Reconciler {
  readonly #roles: Lister<WireClusterRole>

  constructor(view: ClusterView) {
    this.#roles = view.cache(ClusterRole)
  }

  async reconcile({ key, client, report }: ReconcileContext): Promise<void> {
    const role = this.#roles.get(key)
    if (!role?.aggregationRule) return
    report.sees(role)
    const rules = gatheredRules(role, this.#roles.list())
    report.wanted = `${rules.length} rules`
    report.seen = `${role.rules?.length ?? 0} rules`
    if (deepEqual(rules, role.rules ?? [])) return
    // Nobody else's fields are touched, and it is told whose the rules are.
    await client.transport.request({
      method: 'PATCH',
      path: objectPath(ClusterRole, { name: key }),
      query: { fieldManager: 'clusterrole-aggregation-controller', force: 'true' },
      contentType: 'application/apply-patch+yaml',
      body: { apiVersion: apiVersionOf(ClusterRole), kind: 'ClusterRole', metadata: { name: key }, rules },
    })
    report.did.push(`gathered ${rules.length} rules into ClusterRole ${key}`)
  }
}

/** In the order of the selectors, then of names; each rule once. */
export function gatheredRules(role: WireClusterRole, all: readonly WireClusterRole[]): PolicyRule[] {
  const byName = [...all].sort((a, b) => ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1))
  const rules: PolicyRule[] = []
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const { matches } = selectorOfObject(selector as LabelSelector)
    for (const other of byName) {
      if (other.metadata?.name === role.metadata?.name || !matches(other.metadata?.labels)) continue
      for (const rule of other.rules ?? []) if (!rules.some((known) => deepEqual(known, rule))) rules.push(rule)
    }
  }
  return rules
}

/** Any role may be the one that an aggregated role gathers, so a change of one wakes them all. */
export const clusterRoleAggregationController = controller('clusterrole-aggregation')
  .queueNamed('ClusterRoleAggregator')
  .for(ClusterRole)
  .watches(ClusterRole, (_change, view) =>
    view
      .cache(ClusterRole)
      .list()
      .flatMap(({ aggregationRule, metadata }) => (aggregationRule && metadata?.name ? [metadata.name] : [])),
  )
  .reconcileWith((view) => new AggregationReconciler(view))
