import { X509Certificate } from 'node:crypto'
import type { CertificateSigningRequest as Wire } from 'kubernetes-types/certificates/v1'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import { CertificateSigningRequest } from '../../kinds/certificate-signing-request.ts'

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
 * An hour after it has been decided, a day when nobody decided or nobody signed what was approved, at once when its
 * certificate is over.
 */
export function goesAt({ metadata, status }: Wire): number {
  const after = (time: string | undefined, hours: number) => Date.parse(time ?? '') + hours * HOUR_MS
  const { certificate, conditions = [] } = status ?? {}
  const ends = conditions.flatMap(({ type, lastUpdateTime }) => {
    if (type === 'Denied' || type === 'Failed') return [after(lastUpdateTime, 1)]
    if (type !== 'Approved') return []
    return certificate ? [after(lastUpdateTime, 1), endOf(certificate)] : [after(lastUpdateTime, 24)]
  })
  if (conditions.length === 0) ends.push(after(metadata?.creationTimestamp, 24))
  return Math.min(...ends.filter((end) => !Number.isNaN(end)))
}

/** NaN of what is no certificate. */
function endOf(certificate: string): number {
  try {
    return new X509Certificate(Buffer.from(certificate, 'base64')).validToDate.getTime()
  } catch {
    return Number.NaN
  }
}

export const certificateCleaningController = controller('csrcleaner')
  .actsAs('certificate-controller')
  .for(CertificateSigningRequest)
  .reconcileWith((view) => new CleaningReconciler(view))
