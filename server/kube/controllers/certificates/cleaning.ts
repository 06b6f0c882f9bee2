import { X509Certificate } from 'node:crypto'
import type { CertificateSigningRequest as Wire } from 'kubernetes-types/certificates/v1'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import { CertificateSigningRequest } from '../../kinds/certificate-signing-request.ts'
import { hasCondition } from './standing.ts'

const HOUR_MS = 3600_000

/**
 * Takes away requests that nobody needs any more. Upstream: kubernetes/pkg/controller/certificates/cleaner.
 */
class CleaningReconciler implements Reconciler {
  readonly #view: ClusterView
  readonly #requests: Lister<Wire>

  constructor(view: ClusterView) {
    this.#view = view
    this.#requests = view.cache(CertificateSigningRequest)
  }

  async reconcile({ key, client, report }: ReconcileContext): Promise<Result> {
    const asked = this.#requests.get(key)
    if (!asked) return
    report.sees(asked)
    const waitMs = goesAt(asked) - this.#view.clock.now()
    if (waitMs === Number.POSITIVE_INFINITY) return
    if (waitMs > 0) return { requeueAfterMs: waitMs }
    await client.of(CertificateSigningRequest).delete({ name: key })
    report.did.push('deleted it')
  }
}

/**
 * An hour after it has been decided, a day when nobody decided, at once when its certificate is over. One that is
 * approved waits for its signer, however long.
 */
export function goesAt(asked: Wire): number {
  const decided = (type: string) =>
    Date.parse(asked.status?.conditions?.find((condition) => condition.type === type)?.lastUpdateTime ?? '')
  const made = Date.parse(asked.metadata?.creationTimestamp ?? '')
  const ends: number[] = []
  if (asked.status?.certificate) {
    ends.push(decided('Approved') + HOUR_MS, endOf(Buffer.from(asked.status.certificate, 'base64')))
  }
  if (hasCondition(asked, 'Denied')) ends.push(decided('Denied') + HOUR_MS)
  if (hasCondition(asked, 'Failed')) ends.push(decided('Failed') + HOUR_MS)
  if (!asked.status?.conditions?.length) ends.push(made + 24 * HOUR_MS)
  return Math.min(...ends.filter((end) => !Number.isNaN(end)))
}

const endOf = (pem: Buffer): number => new X509Certificate(pem).validToDate.getTime()

export const certificateCleaningController = controller('csrcleaner')
  .actsAs('certificate-controller')
  .for(CertificateSigningRequest)
  .reconcileWith((view) => new CleaningReconciler(view))
