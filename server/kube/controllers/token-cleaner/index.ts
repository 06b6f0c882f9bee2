import type { Secret as WireSecret } from 'kubernetes-types/core/v1'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { isNotFound } from '../../apimachinery/status-error.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import { Secret } from '../../kinds/secret.ts'

const TYPE = 'bootstrap.kubernetes.io/token'

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
    if (!secret || !isToken(secret) || secret.metadata?.deletionTimestamp) return
    report.sees(secret)
    const expiration = Buffer.from(secret.data?.expiration ?? '', 'base64').toString('utf8')
    if (expiration === '') return
    // What is no time has never been good.
    const leftMs = (Date.parse(expiration) || 0) - this.#view.clock.now()
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

const isToken = ({ metadata, type }: WireSecret) => metadata?.namespace === 'kube-system' && type === TYPE

export const tokenCleaner = controller('tokencleaner')
  .queueNamed('token_cleaner')
  .actsAs('token-cleaner')
  .watches(Secret, ({ object }) => (isToken(object) ? [keyOf(object)] : []))
  .reconcileWith((view) => new TokenCleaner(view))
