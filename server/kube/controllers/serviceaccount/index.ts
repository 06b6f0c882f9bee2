import type { Namespace as CoreNamespace, ServiceAccount as CoreServiceAccount } from 'kubernetes-types/core/v1'
import { isAlreadyExists } from '../../apimachinery/status-error.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler } from '../../client/reconcile-context.ts'
import { Namespace } from '../../kinds/namespace.ts'
import { ServiceAccount } from '../../kinds/service-account.ts'
import { isNamespaceTerminating } from '../pod-control.ts'

/** Gives every namespace its `default` ServiceAccount. Upstream: kubernetes/pkg/controller/serviceaccount. */
class ServiceAccountReconciler implements Reconciler {
  readonly #namespaces: Lister<CoreNamespace>
  readonly #accounts: Lister<CoreServiceAccount>

  constructor(view: ClusterView) {
    this.#namespaces = view.cache(Namespace)
    this.#accounts = view.cache(ServiceAccount)
  }

  async reconcile({ key, client, report }: ReconcileContext): Promise<void> {
    const namespace = this.#namespaces.get(key)
    if (!namespace || namespace.metadata?.deletionTimestamp) return
    report.sees(namespace)
    report.wanted = 'a ServiceAccount default'
    report.seen = this.#accounts.get(`${key}/default`) ? 'it is there' : 'none'
    if (this.#accounts.get(`${key}/default`)) return
    try {
      await client.of(ServiceAccount).create({ metadata: { namespace: key, name: 'default' } })
      report.did.push('created ServiceAccount default')
    } catch (err) {
      if (!isAlreadyExists(err) && !isNamespaceTerminating(err)) throw err
    }
  }
}

export const serviceAccountController = controller('serviceaccount')
  .actsAs('service-account-controller')
  .for(Namespace)
  .watches(ServiceAccount, ({ type, object }) =>
    type === 'deleted' && object.metadata?.name === 'default' ? [object.metadata.namespace ?? ''] : [],
  )
  .reconcileWith((view) => new ServiceAccountReconciler(view))
