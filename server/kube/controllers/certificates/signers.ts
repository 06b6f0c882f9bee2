// The signers that a cluster has of its own, and what each of them signs.
// Upstream: kubernetes/pkg/controller/certificates/signer/signer.go, pkg/apis/certificates/helpers.go.

import type { CertificateSigningRequest } from 'kubernetes-types/certificates/v1'
import { parseCertificateRequest } from '../../kinds/certificates/pkcs10.ts'

const NODES = 'system:nodes'
const NODE_PREFIX = 'system:node:'
export const KUBELET_CLIENT = 'kubernetes.io/kube-apiserver-client-kubelet'
const ALTERNATIVE_NAMES = '2.5.29.17'

type Parsed = ReturnType<typeof parseCertificateRequest>

interface Rules {
  allowed: readonly string[]
  required: readonly string[]
  problemOf(request: Parsed): string | undefined
}

const CLIENT_USAGES = ['client auth', 'digital signature', 'key encipherment']

const SIGNERS: Readonly<Record<string, Rules>> = {
  'kubernetes.io/kube-apiserver-client': {
    allowed: CLIENT_USAGES,
    required: ['client auth'],
    problemOf: () => undefined,
  },
  [KUBELET_CLIENT]: {
    allowed: CLIENT_USAGES,
    required: ['client auth', 'digital signature'],
    problemOf: (request) =>
      nodeProblem(request) ?? (request.getExtension(ALTERNATIVE_NAMES) ? 'subjectAltNames are not allowed' : undefined),
  },
  'kubernetes.io/kubelet-serving': {
    allowed: ['digital signature', 'key encipherment', 'server auth'],
    required: ['digital signature', 'server auth'],
    problemOf: (request) =>
      nodeProblem(request) ??
      (request.getExtension(ALTERNATIVE_NAMES) ? undefined : 'DNS or IP subjectAltName is required'),
  },
}

export const isOurSigner = (name: string): boolean => name in SIGNERS

/** Why the signer does not sign it; undefined when it does. */
export function signerProblem({ spec }: CertificateSigningRequest): string | undefined {
  const rules = SIGNERS[spec.signerName]
  if (!rules) return undefined
  const usages = spec.usages ?? []
  const isRight =
    rules.required.every((usage) => usages.includes(usage)) && usages.every((usage) => rules.allowed.includes(usage))
  if (!isRight) return `usages did not match [${[...rules.allowed].sort().join(' ')}]`
  return rules.problemOf(parseCertificateRequest(spec.request))
}

function nodeProblem({ subjectName }: Parsed): string | undefined {
  const organizations = subjectName.getField('O')
  if (organizations.length !== 1 || organizations[0] !== NODES) return 'subject organization is not system:nodes'
  return subjectName.getField('CN')[0]?.startsWith(NODE_PREFIX)
    ? undefined
    : 'subject common name does not begin with system:node:'
}
