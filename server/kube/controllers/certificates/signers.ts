// The signers that a cluster has of its own, and what each of them signs.
// Upstream: kubernetes/pkg/controller/certificates/signer/signer.go, pkg/apis/certificates/helpers.go.

import { SubjectAlternativeNameExtension } from '@peculiar/x509'
import type { CertificateSigningRequest } from 'kubernetes-types/certificates/v1'
import { parseCertificateRequest } from '../../kinds/certificates/pkcs10.ts'

export const KUBELET_CLIENT = 'kubernetes.io/kube-apiserver-client-kubelet'
const NODES = 'system:nodes'
const NODE_PREFIX = 'system:node:'

interface Asked {
  usages: readonly string[]
  organizations: readonly string[]
  commonName: string
  /** Kinds of alternative names that it has: dns, ip, email, url. */
  names: ReadonlySet<string>
}

/** Why it is not signed; each in upstream's order. */
type Rules = (asked: Asked) => string | undefined

const SIGNERS: Readonly<Record<string, Rules>> = {
  'kubernetes.io/kube-apiserver-client': ({ usages }) => {
    const strange = usages.find((usage) => !['digital signature', 'key encipherment', 'client auth'].includes(usage))
    if (strange !== undefined) return `invalid usage for client certificate: ${strange}`
    return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth'
  },
  [KUBELET_CLIENT]: (asked) =>
    organizationProblem(asked) ??
    namesProblem(asked, { dns: 'DNS', email: 'Email', ip: 'IP', url: 'URI' }) ??
    commonNameProblem(asked) ??
    usagesProblem(asked, 'client auth'),
  'kubernetes.io/kubelet-serving': (asked) =>
    organizationProblem(asked) ??
    (asked.names.has('dns') || asked.names.has('ip') ? undefined : 'DNS or IP subjectAltName is required') ??
    namesProblem(asked, { email: 'Email', url: 'URI' }) ??
    usagesProblem(asked, 'server auth') ??
    commonNameProblem(asked),
}

export const isOurSigner = (name: string): boolean => name in SIGNERS

/** Why the signer does not sign it; undefined when it does. */
export function signerProblem({ spec }: CertificateSigningRequest): string | undefined {
  const rules = SIGNERS[spec.signerName]
  if (!rules) return undefined
  const request = parseCertificateRequest(spec.request)
  const alternative = request.extensions.find((one) => one instanceof SubjectAlternativeNameExtension)
  return rules({
    usages: spec.usages ?? [],
    organizations: request.subjectName.getField('O'),
    commonName: request.subjectName.getField('CN')[0] ?? '',
    names: new Set(alternative?.names.items.map(({ type }) => type)),
  })
}

const organizationProblem = ({ organizations }: Asked) =>
  organizations.length === 1 && organizations[0] === NODES ? undefined : 'subject organization is not system:nodes'

const commonNameProblem = ({ commonName }: Asked) =>
  commonName.startsWith(NODE_PREFIX) ? undefined : 'subject common name does not begin with system:node:'

function namesProblem({ names }: Asked, refused: Readonly<Record<string, string>>): string | undefined {
  const found = Object.entries(refused).find(([type]) => names.has(type))
  return found && `${found[1]} subjectAltNames are not allowed`
}

/** With or without encipherment, which only keys of RSA can do. */
function usagesProblem({ usages }: Asked, needed: string): string | undefined {
  const required = new Set(['digital signature', needed])
  const isRight =
    [...required].every((usage) => usages.includes(usage)) &&
    usages.every((usage) => required.has(usage) || usage === 'key encipherment')
  return isRight ? undefined : `usages did not match [${[...required, 'key encipherment'].sort().join(' ')}]`
}
