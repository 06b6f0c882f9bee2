// Which certificates of machines are granted again by nobody's hand, beyond kubelets' own: those of their components to who
// has one already, and what a kubelet serves with under the name and the address that whoever numbers the machines knows.
// What a Node says of its addresses counts for nothing: its kubelet writes it, and might name the gateway's.
// Upstream approves none of these; clusters elsewhere bring an approver along.

import { SubjectAlternativeNameExtension } from '@peculiar/x509'
import type { CertificateSigningRequest } from 'kubernetes-types/certificates/v1'
import { parseCertificateRequest } from '../../kinds/certificates/pkcs10.ts'

export interface Renewals {
  /** Users who may have their own certificate again, in no group. */
  components: readonly string[]
  /** Undefined of a node that is no machine of this cluster. */
  addressOf(node: string): string | undefined
}

const CLIENT = 'kubernetes.io/kube-apiserver-client'
const SERVING = 'kubernetes.io/kubelet-serving'

export const hasRenewals = ({ signerName }: CertificateSigningRequest['spec']): boolean =>
  signerName === CLIENT || signerName === SERVING

/** Why it is granted; undefined when somebody has to look at it. */
export function renewalOf(
  { signerName, username = '', request }: CertificateSigningRequest['spec'],
  { components, addressOf }: Renewals,
): string | undefined {
  const asked = parseCertificateRequest(request)
  if (signerName === CLIENT) {
    const isOwn = components.includes(username) && asked.subject === `CN=${username}`
    return isOwn ? `${username} has a certificate and asks for its next.` : undefined
  }
  const node = /^system:node:(.+)$/.exec(username)?.[1]
  const address = node && addressOf(node)
  if (!address || asked.subjectName.getField('CN')[0] !== username) return undefined
  const names = asked.extensions.find((one) => one instanceof SubjectAlternativeNameExtension)?.names.items ?? []
  const isOwn = names.every(({ type, value }) => (type === 'dns' ? value === node : type === 'ip' && value === address))
  return isOwn ? 'Name and address are those of this machine.' : undefined
}
