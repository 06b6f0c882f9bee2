// Who may approve and sign requests for certificates, by signer, and what nobody may ask for.
// Upstream: kubernetes/plugin/pkg/admission/certificates/{approval,signing,subjectrestriction}.

import type { CertificateSigningRequest } from 'kubernetes-types/certificates/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { parseCertificateRequest } from '../../kinds/certificates/pkcs10.ts'
import { authorizeBy } from '../authorization/authorizer.ts'
import type { Authorization } from '../authorization/index.ts'
import { SUPERUSERS } from '../authorization/superusers.ts'
import { type AdmissionPlugin, type AdmissionRequest, refusal } from './admission.ts'

const GROUP = 'certificates.k8s.io'
const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client'

const isAbout = ({ kind }: AdmissionRequest) => kind.group === GROUP && kind.kind === 'CertificateSigningRequest'

export const certificateApproval = (authorization: Authorization): AdmissionPlugin => ({
  name: 'CertificateApproval',
  handles: (request) => isAbout(request) && request.operation === 'UPDATE' && request.subresource === 'approval',
  async validate(request) {
    const { signerName } = (request.previous as CertificateSigningRequest).spec
    if (await mayAct(authorization, { request, verb: 'approve', signerName })) return
    throw refusal(request, `user not permitted to approve requests with signerName ${JSON.stringify(signerName)}`)
  },
})

export const certificateSigning = (authorization: Authorization): AdmissionPlugin => ({
  name: 'CertificateSigning',
  handles: (request) => isAbout(request) && request.operation === 'UPDATE' && request.subresource === 'status',
  async validate(request) {
    const [next, previous] = [request.object, request.previous] as [
      CertificateSigningRequest,
      CertificateSigningRequest,
    ]
    const isSame = (['certificate', 'conditions'] as const).every((field) =>
      deepEqual(next.status?.[field] ?? null, previous.status?.[field] ?? null),
    )
    const { signerName } = previous.spec
    if (isSame || (await mayAct(authorization, { request, verb: 'sign', signerName }))) return
    throw refusal(request, `user not permitted to sign requests with signerName ${JSON.stringify(signerName)}`)
  },
})

/** By the signer's name, or by its whole domain. */
async function mayAct(
  { chain }: Authorization,
  { request, verb, signerName }: { request: AdmissionRequest; verb: string; signerName: string },
): Promise<boolean> {
  for (const name of [signerName, `${signerName.split('/')[0]}/*`]) {
    const about = { group: GROUP, resource: 'signers', subresource: '', namespace: '', name, verb }
    const { decision } = await authorizeBy(chain, request.user, { isResource: true, path: '', ...about })
    if (decision === 'allow') return true
  }
  return false
}

/** Otherwise whoever may get a client certificate approved could make anybody an administrator. */
export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  handles: (request) => isAbout(request) && request.operation === 'CREATE' && request.subresource === '',
  validate(request) {
    const { signerName, request: asked } = (request.object as CertificateSigningRequest).spec
    if (signerName !== CLIENT_SIGNER) return
    if (parseCertificateRequest(asked).subjectName.getField('O').includes(SUPERUSERS)) {
      throw refusal(request, `use of ${CLIENT_SIGNER} signer with ${SUPERUSERS} group is not allowed`)
    }
  },
}
