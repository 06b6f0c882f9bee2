import type { CertificateSigningRequest as Wire } from 'kubernetes-types/certificates/v1'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler } from '../../client/reconcile-context.ts'
import { CertificateSigningRequest } from '../../kinds/certificate-signing-request.ts'
import { parseCertificateRequest } from '../../kinds/certificates/pkcs10.ts'
import { isOurSigner, signerProblem } from './signers.ts'
import { hasCondition } from './standing.ts'

/** Signs with the cluster's authority; PEM. */
export type SignCertificate = (granted: {
  request: ArrayBuffer
  usages: readonly string[]
  seconds: number
}) => Promise<string>

const LONGEST_SECONDS = 365 * 24 * 3600
const SHORTEST_SECONDS = 600

/**
 * Signs what has been approved, for the signers that the cluster has of its own.
 * Upstream: kubernetes/pkg/controller/certificates/signer.
 */
class SigningReconciler implements Reconciler {
  readonly #requests: Lister<Wire>
  readonly #sign: SignCertificate

  constructor(view: ClusterView, sign: SignCertificate) {
    this.#requests = view.cache(CertificateSigningRequest)
    this.#sign = sign
  }

  async reconcile({ key, client, report }: ReconcileContext): Promise<void> {
    const asked = this.#requests.get(key)
    if (!asked || asked.status?.certificate || !isOurSigner(asked.spec.signerName)) return
    report.sees(asked)
    report.seen = hasCondition(asked, 'Approved') ? 'approved' : 'not approved'
    if (!hasCondition(asked, 'Approved') || hasCondition(asked, 'Failed')) return
    const requests = client.of(CertificateSigningRequest)
    const problem = signerProblem(asked)
    if (problem) {
      const failed = { type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message: problem }
      const conditions = [...(asked.status?.conditions ?? []), failed]
      await requests.updateStatus({ ...asked, status: { ...asked.status, conditions } })
      report.did.push(`refused to sign: ${problem}`)
      return
    }
    const { request, usages = [], expirationSeconds = LONGEST_SECONDS } = asked.spec
    const pem = await this.#sign({
      request: parseCertificateRequest(request).rawData,
      usages,
      seconds: Math.min(Math.max(expirationSeconds, SHORTEST_SECONDS), LONGEST_SECONDS),
    })
    const certificate = Buffer.from(pem).toString('base64')
    await requests.updateStatus({ ...asked, status: { ...asked.status, certificate } })
    report.did.push('signed it')
  }
}

export const certificateSigningController = (sign: SignCertificate) =>
  controller('csrsigning')
    .actsAs('certificate-controller')
    .for(CertificateSigningRequest)
    .reconcileWith((view) => new SigningReconciler(view, sign))
