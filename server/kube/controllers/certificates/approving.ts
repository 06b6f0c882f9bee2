import type { SubjectAccessReview } from 'kubernetes-types/authorization/v1'
import type { CertificateSigningRequest as Wire } from 'kubernetes-types/certificates/v1'
import type { Client } from '../../client/client.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler } from '../../client/reconcile-context.ts'
import { CertificateSigningRequest } from '../../kinds/certificate-signing-request.ts'
import { parseCertificateRequest } from '../../kinds/certificates/pkcs10.ts'
import { hasRenewals, type Renewals, renewalOf } from './renewals.ts'
import { KUBELET_CLIENT, signerProblem } from './signers.ts'
import { hasCondition } from './standing.ts'

const KINDS = [
  {
    subresource: 'selfnodeclient',
    message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
  },
  { subresource: 'nodeclient', message: 'Auto approving kubelet client certificate after SubjectAccessReview.' },
] as const

/**
 * Approves the client certificates of kubelets for those who may have them, and what `renewals` says; everything else waits for
 * a person.
 * Upstream: kubernetes/pkg/controller/certificates/approver.
 */
class ApprovingReconciler implements Reconciler {
  readonly #requests: Lister<Wire>
  readonly #renewals: Renewals | undefined

  constructor(view: ClusterView, renewals: Renewals | undefined) {
    this.#requests = view.cache(CertificateSigningRequest)
    this.#renewals = renewals
  }

  async reconcile({ key, client, report }: ReconcileContext): Promise<void> {
    const asked = this.#requests.get(key)
    if (!asked || asked.status?.certificate) return
    const { signerName, username } = asked.spec
    const isRenewal = this.#renewals !== undefined && hasRenewals(asked.spec)
    if (signerName !== KUBELET_CLIENT && !isRenewal) return
    if (hasCondition(asked, 'Approved') || hasCondition(asked, 'Denied') || signerProblem(asked)) return
    report.sees(asked)
    const approve = async (message: string) => {
      const approved = { type: 'Approved', status: 'True', reason: 'AutoApproved', message }
      const conditions = [...(asked.status?.conditions ?? []), approved]
      const next = { ...asked, status: { ...asked.status, conditions } }
      await client.of(CertificateSigningRequest).update(next, { subresource: 'approval' })
      report.did.push('approved it')
    }
    if (isRenewal) {
      const why = renewalOf(asked.spec, this.#renewals as Renewals)
      if (why) await approve(why)
      else report.seen = `${username} may not have it by itself`
      return
    }
    const isSelf = parseCertificateRequest(asked.spec.request).subjectName.getField('CN')[0] === asked.spec.username
    for (const { subresource, message } of KINDS) {
      if (subresource === 'selfnodeclient' && !isSelf) continue
      if (!(await mayHave(client, asked, subresource))) continue
      return approve(message)
    }
    report.seen = `${username} may not have it by itself`
  }
}

async function mayHave(client: Client, { spec }: Wire, subresource: string): Promise<boolean> {
  const resourceAttributes = {
    group: 'certificates.k8s.io',
    resource: 'certificatesigningrequests',
    verb: 'create',
    version: '*',
    subresource,
  }
  const { username: user, uid, groups = [], extra } = spec
  // Who came with a bootstrap token has no uid, and a review takes none that is not there.
  const who = { user, groups, ...(uid === undefined ? {} : { uid }), ...(extra ? { extra } : {}) }
  const review = (await client.transport.request({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    body: { spec: { ...who, resourceAttributes } },
  })) as SubjectAccessReview
  return review.status?.allowed === true
}

export const certificateApprovingController = (renewals: Renewals | undefined) =>
  controller('csrapproving')
    .actsAs('certificate-controller')
    .for(CertificateSigningRequest)
    .reconcileWith((view) => new ApprovingReconciler(view, renewals))
