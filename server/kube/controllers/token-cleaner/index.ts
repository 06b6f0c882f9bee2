import type { Secret as WireSecret } from 'kubernetes-types/core/v1'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { isNotFound } from '../../apimachinery/status-error.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import { Secret } from '../../kinds/secret.ts'
import { bootstrapData, bootstrapTimeLeftMs, isBootstrapToken } from '../bootstrap-token.ts'

/** Deletes the tokens of machines that were to join, when their time is over. Upstream: kubernetes/pkg/controller/bootstrap. */
class TokenCleaner implements Reconciler {
  readonly #view: ClusterView
  readonly #secrets: Lister<WireSecret>

  constructor(view: ClusterView) {
    this.#view = view
    this.#secrets = view.cache(Secret)
  }

  async reconcile({ key, client, report }: ReconcileContext): Promise<Result> {
    const secret = this.#secrets.get(key)
    if (!secret || !isBootstrapToken(secret) || secret.metadata?.deletionTimestamp) return
    report.sees(secret)
    const leftMs = bootstrapTimeLeftMs(secret, this.#view.clock.now())
    if (leftMs === Number.POSITIVE_INFINITY) return
    const expiration = bootstrapData(secret, 'expiration')
    report.seen = leftMs > 0 ? `good until ${expiration}` : `expired at ${expiration}`
    if (leftMs > 0) return { requeueAfterMs: leftMs }
    const { namespace = '', name = '', uid } = secret.metadata ?? {}
    try {
      await client.of(Secret).delete({ namespace, name }, uid ? { uid } : {})
      report.did.push(`deleted ${name}`)
    } catch (err) {
      if (!isNotFound(err)) throw err
    }
  }
}

export const tokenCleaner = controller('tokencleaner')
  .queueNamed('token_cleaner')
  .actsAs('token-cleaner')
  .watches(Secret, ({ object }) => (isBootstrapToken(object) ? [keyOf(object)] : []))
  .reconcileWith((view) => new TokenCleaner(view))
