import type {
  PersistentVolumeClaim as WireClaim,
  Pod as WirePod,
  ResourceQuota as WireQuota,
  Service as WireService,
} from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { type KubeObject, keyOf } from '../../apimachinery/object-meta.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import type { Change } from '../../client/shared-informer.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { type Amounts, amountsOf, asTexts, only, shown, sum, whole } from '../../kinds/quota/amounts.ts'
import { heldSpec } from '../../kinds/quota/held-resources.ts'
import { isInScope } from '../../kinds/quota/scopes.ts'
import { isConcerned, usageOf } from '../../kinds/quota/usage.ts'
import { ResourceQuota } from '../../kinds/resource-quota.ts'
import { followCustomKinds } from '../custom-kinds.ts'
import { isTerminated } from '../pod-state.ts'

/** What was charged at admission and then not made is noticed by nothing but a new count. */
const RECOUNT_MS = 5 * 60_000

/**
 * Counts what a namespace has, against what it may have. Upstream: kubernetes/pkg/controller/resourcequota.
 */
class QuotaReconciler implements Reconciler {
  readonly #quotas: Lister<WireQuota>
  readonly #counted = new Map<AnyKind, Lister<KubeObject>>()
  readonly #view: ClusterView

  constructor(view: ClusterView, kinds: readonly AnyKind[]) {
    this.#view = view
    this.#quotas = view.cache(ResourceQuota)
    for (const kind of kinds) this.count(kind)
  }

  count(kind: AnyKind): void {
    this.#counted.set(kind, this.#view.cache(kind))
  }

  forget(kind: AnyKind): void {
    this.#counted.delete(kind)
    this.#view.forget(kind)
  }

  async reconcile({ key, client, report }: ReconcileContext): Promise<Result> {
    const quota = this.#quotas.get(key)
    if (!quota) return
    report.sees(quota)
    const hard = quota.spec?.hard ?? {}
    const used = { ...this.#uncounted(quota), ...asTexts(this.#count(quota, this.#counts(Object.keys(hard)))) }
    report.wanted = shown(amountsOf(used))
    report.seen = shown(amountsOf(quota.status?.used))
    const isTrue = deepEqual(hard, quota.status?.hard ?? {}) && sameAmounts(used, quota.status?.used ?? {})
    if (!isTrue) {
      await client.of(ResourceQuota).updateStatus({ ...quota, status: { hard, used } })
      report.did.push('wrote what is used')
    }
    return { requeueAfterMs: RECOUNT_MS }
  }

  /** Of what nothing here is of a kind of, nothing can be said. */
  #counts(names: readonly string[]): string[] {
    return names.filter((name) => [...this.#counted.keys()].some((kind) => isConcerned(kind, [name])))
  }

  #uncounted({ spec, status }: WireQuota): Record<string, string> {
    const names = Object.keys(spec?.hard ?? {})
    const counted = this.#counts(names)
    const before = Object.entries(status?.used ?? {})
    return Object.fromEntries(before.filter(([name]) => names.includes(name) && !counted.includes(name)))
  }

  #count(quota: WireQuota, names: readonly string[]): Amounts {
    const namespace = quota.metadata?.namespace ?? ''
    let used: Amounts = Object.fromEntries(names.map((name) => [name, whole(0)]))
    for (const [kind, cache] of this.#counted) {
      if (!isConcerned(kind, names)) continue
      for (const object of cache.list()) {
        if (object.metadata?.namespace !== namespace || !isInScope(quota.spec ?? {}, kind, object)) continue
        used = sum(
          used,
          only(usageOf(kind, object, this.#view.clock.now()), (name) => names.includes(name)),
        )
      }
    }
    return used
  }
}

function sameAmounts(a: Record<string, string>, b: Record<string, string>): boolean {
  return shown(amountsOf(a)) === shown(amountsOf(b))
}

/** Something has been given back: what is new was charged when it was let in. */
function isReplenished(kind: AnyKind, change: Change<KubeObject>): boolean {
  if (change.type === 'deleted') return true
  if (change.type !== 'updated' || kind.group !== '') return false
  return !deepEqual(factsOf(kind, change.object), factsOf(kind, change.previous))
}

/** What a quota counts of an object and goes by in its scopes; others are counted when they come and go. */
function factsOf(kind: AnyKind, object: KubeObject): unknown {
  switch (kind.plural) {
    case 'pods': {
      const pod = object as WirePod
      const { containers = [], initContainers = [] } = heldSpec(pod) ?? {}
      const resources = [...containers, ...initContainers].map((container) => container.resources)
      return [isTerminated(pod), pod.spec?.activeDeadlineSeconds !== undefined, resources]
    }
    case 'services': {
      const { type, ports } = (object as WireService).spec ?? {}
      return [type, ports?.length]
    }
    case 'persistentvolumeclaims': {
      const { spec, status } = object as WireClaim
      return [spec, (status as { allocatedResources?: unknown } | undefined)?.allocatedResources]
    }
    default:
      return undefined
  }
}

export function resourceQuotaController(kinds: readonly AnyKind[]) {
  const counted = kinds.filter(({ namespaced, kind }) => namespaced && kind !== 'Event')
  const builder = controller('resourcequota').queueNamed('resourcequota_primary')
  builder.watches(ResourceQuota, (change) => {
    const isAsBefore = change.type === 'updated' && deepEqual(change.object.spec, change.previous.spec)
    return isAsBefore ? [] : [keyOf(change.object)]
  })
  const quotasAround = ({ metadata }: KubeObject, view: ClusterView) =>
    view
      .cache(ResourceQuota)
      .list()
      .filter((quota) => quota.metadata?.namespace === metadata?.namespace)
      .map(keyOf)
  for (const kind of counted) {
    builder.watches(kind, (change: Change<KubeObject>, view) =>
      isReplenished(kind, change) ? quotasAround(change.object, view) : [],
    )
  }
  return builder.reconcileWith((view, enqueue) => {
    const reconciler = new QuotaReconciler(view, counted)
    followCustomKinds(view, {
      come(kind) {
        if (!kind.namespaced) return
        reconciler.count(kind)
        // What was there before the kind was known here has not been counted.
        view.onChange(kind, ({ type, object }: Change<KubeObject>) => {
          if (type !== 'updated') for (const key of quotasAround(object, view)) enqueue(key, object)
        })
      },
      go: (kind) => reconciler.forget(kind),
    })
    return reconciler
  })
}
