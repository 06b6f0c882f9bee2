import type { Secret as CoreSecret } from 'kubernetes-types/core/v1'
import { isConflict, isNotFound } from '../../apimachinery/status-error.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import { ConfigMap } from '../../kinds/config-map.ts'
import {
  ACCOUNT_NAME,
  ACCOUNT_UID,
  dayOf,
  INVALID_SINCE,
  LAST_USED,
  startOfDay,
  TOKEN_SECRET,
  TRACKING,
} from '../../kinds/legacy-token.ts'
import { Pod } from '../../kinds/pod.ts'
import { referencesOf } from '../../kinds/pod-template/references.ts'
import { Secret } from '../../kinds/secret.ts'
import { ServiceAccount } from '../../kinds/service-account.ts'

const DAY_MS = 24 * 60 * 60 * 1000
/** Its only key: all Secrets are looked at in one turn. */
const TURN = 'all'

/**
 * Marks tokens that were made for an account by itself and that nobody has used for a year, and deletes them after another
 * year. Upstream: kubernetes/pkg/controller/serviceaccount/legacy_serviceaccount_token_cleaner.go.
 */
class LegacyTokenCleaner implements Reconciler {
  readonly #view: ClusterView
  readonly #cleanUpMs: number

  constructor(view: ClusterView, cleanUpMs: number) {
    this.#view = view
    this.#cleanUpMs = cleanUpMs
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const now = this.#view.clock.now()
    const since = await this.#trackedSince(context)
    // Use is noted from some hour of that day on.
    if (since !== undefined && now >= since + DAY_MS + this.#cleanUpMs) await this.#cleanAll(context, now)
    return { requeueAfterMs: DAY_MS }
  }

  async #cleanAll(context: ReconcileContext, now: number): Promise<void> {
    const { items } = await this.#view.list(Secret, { fieldSelector: `type=${TOKEN_SECRET}` })
    for (const secret of items.filter((one) => this.#isLeftAlone(one, now))) {
      if (await this.#isSomebodys(secret)) continue
      await this.#clean(context, secret, now)
    }
  }

  async #trackedSince({ client, report }: ReconcileContext): Promise<number | undefined> {
    const since = await client
      .of(ConfigMap)
      .get(TRACKING)
      .then(
        ({ data }) => data?.since,
        (err) => {
          if (isNotFound(err)) return undefined
          throw err
        },
      )
    report.seen = since ? `use of tokens is noted since ${since}` : 'nobody notes when tokens are used'
    return startOfDay(since)
  }

  #isLeftAlone({ metadata }: CoreSecret, now: number): boolean {
    const { creationTimestamp = '', deletionTimestamp, labels = {} } = metadata ?? {}
    const keptFrom = now - this.#cleanUpMs
    if (deletionTimestamp || Date.parse(creationTimestamp) >= keptFrom) return false
    const used = labels[LAST_USED]
    // What is no day may be any day.
    return used === undefined || (startOfDay(used) !== undefined && used < dayOf(keptFrom))
  }

  /** Made by hand, so that it stands in no account's list, or in a pod. */
  async #isSomebodys({ metadata }: CoreSecret): Promise<boolean> {
    const { namespace = '', name = '', annotations = {} } = metadata ?? {}
    const { [ACCOUNT_NAME]: account, [ACCOUNT_UID]: uid } = annotations
    const accounts = await this.#view.list(ServiceAccount, { namespace })
    const owner = accounts.items.find(({ metadata }) => metadata?.name === account)
    if (!owner || (uid && uid !== owner.metadata?.uid) || !owner.secrets?.some((one) => one.name === name)) return true
    const pods = await this.#view.list(Pod, { namespace })
    return pods.items.some((pod) => referencesOf(pod).some((named) => named.kind === 'secrets' && named.name === name))
  }

  async #clean({ client, report, log }: ReconcileContext, { metadata = {} }: CoreSecret, now: number): Promise<void> {
    const { namespace = '', name = '', uid, resourceVersion, labels = {} } = metadata
    const marked = labels[INVALID_SINCE]
    try {
      if (marked === undefined || startOfDay(marked) === undefined) {
        const patch = { metadata: { uid, labels: { [INVALID_SINCE]: dayOf(now) } } }
        await client.of(Secret).patch({ namespace, name }, 'application/merge-patch+json', patch)
        report.did.push(`marked ${namespace}/${name} as no longer good`)
      } else if (marked < dayOf(now - this.#cleanUpMs)) {
        await client.of(Secret).delete({ namespace, name }, resourceVersion ? { resourceVersion } : {})
        report.did.push(`deleted ${namespace}/${name}`)
      }
    } catch (err) {
      // Whoever changed it meanwhile may need it; the others are not to wait for tomorrow.
      if (!isNotFound(err) && !isConflict(err))
        log.warn('cannot clean a token', { secret: `${namespace}/${name}`, err })
    }
  }
}

export const legacyTokenCleaner = (cleanUpMs: number) =>
  controller('legacy-serviceaccount-token-cleaner')
    .actsAs('legacy-service-account-token-cleaner')
    .startsWith(TURN)
    .reconcileWith((view) => new LegacyTokenCleaner(view, cleanUpMs))
