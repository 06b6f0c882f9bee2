// Which labels a kubelet may not put on its own node. Upstream: kubernetes/plugin/pkg/admission/noderestriction
// getForbiddenLabels, pkg/kubelet/apis/well_known_labels.go.

type Labels = Readonly<Record<string, string>>

const RESERVED = ['node-restriction.kubernetes.io']
const OURS = ['kubernetes.io', 'k8s.io']
const OF_KUBELETS = ['kubelet.kubernetes.io', 'node.kubernetes.io']
const KNOWN = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.kubernetes.io/zone',
  'failure-domain.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
])

/** Of those that are set, changed or taken away; sorted. */
export function forbiddenLabels(next: Labels = {}, previous: Labels = {}): string[] {
  const changed = [...new Set([...Object.keys(next), ...Object.keys(previous)])].filter(
    (key) => next[key] !== previous[key],
  )
  return changed.filter(isForbidden).sort()
}

function isForbidden(key: string): boolean {
  const [namespace = '', name] = key.split('/', 2)
  if (name === undefined) return false
  if (isWithin(namespace, RESERVED)) return true
  return isWithin(namespace, OURS) && !KNOWN.has(key) && !isWithin(namespace, OF_KUBELETS)
}

const isWithin = (namespace: string, domains: readonly string[]) =>
  domains.some((domain) => namespace === domain || namespace.endsWith(`.${domain}`))
