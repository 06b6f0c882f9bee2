// Which nodes want a pod of a DaemonSet, and how such a pod is bound to its node.
// Upstream: kubernetes/pkg/controller/daemon/daemon_controller.go NodeShouldRunDaemonPod, util/daemonset_util.go.

import type { DaemonSet } from 'kubernetes-types/apps/v1'
import type { Node, Pod, PodTemplateSpec, Toleration } from 'kubernetes-types/core/v1'
import { deepCopy } from '../../apimachinery/deep.ts'
import { nodeMatchesPod } from '../../apimachinery/node-affinity.ts'
import { untolerated } from '../../apimachinery/tolerations.ts'
import { REVISION_HASH } from '../revision-history.ts'

const exists = (key: string, effect: string): Toleration => ({ key, operator: 'Exists', effect })
/** A daemon is there to look after its node, also when that is not well. */
const TOLERATED: readonly Toleration[] = [
  exists('node.kubernetes.io/not-ready', 'NoExecute'),
  exists('node.kubernetes.io/unreachable', 'NoExecute'),
  exists('node.kubernetes.io/disk-pressure', 'NoSchedule'),
  exists('node.kubernetes.io/memory-pressure', 'NoSchedule'),
  exists('node.kubernetes.io/pid-pressure', 'NoSchedule'),
  exists('node.kubernetes.io/unschedulable', 'NoSchedule'),
]
const ON_HOST_NETWORK = exists('node.kubernetes.io/network-unavailable', 'NoSchedule')

export interface Verdict {
  /** Without one, it gets one. */
  shouldRun: boolean
  /** One that is there may stay. */
  mayStay: boolean
}

export function verdictOn(set: DaemonSet, node: Node): Verdict {
  const template = set.spec?.template ?? {}
  const pod: Pod = { spec: { containers: [], ...template.spec, tolerations: tolerationsOf(template) } }
  const isMeant = (template.spec?.nodeName ?? node.metadata?.name) === node.metadata?.name
  if (!isMeant || !nodeMatchesPod(pod, node)) return { shouldRun: false, mayStay: false }
  const { taints } = node.spec ?? {}
  const keepsOut = untolerated(taints, pod.spec?.tolerations, ['NoExecute', 'NoSchedule'])
  return { shouldRun: !keepsOut, mayStay: !untolerated(taints, pod.spec?.tolerations, ['NoExecute']) }
}

/** One that its author gives an end is without end. */
function tolerationsOf({ spec }: PodTemplateSpec): Toleration[] {
  const own = spec?.tolerations ?? []
  const added = spec?.hostNetwork ? [...TOLERATED, ON_HOST_NETWORK] : TOLERATED
  const isSame = (a: Toleration, b: Toleration) =>
    a.key === b.key && a.effect === b.effect && a.operator === b.operator && (a.value ?? '') === (b.value ?? '')
  const kept = own.map((toleration) => added.find((one) => isSame(one, toleration)) ?? toleration)
  return [...kept, ...added.filter((toleration) => !own.some((one) => isSame(one, toleration)))]
}

export function templateFor(set: DaemonSet, node: string, told: { hash: string; generation: string }): PodTemplateSpec {
  const { metadata, spec } = deepCopy(set.spec?.template ?? {})
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [node] }]
  const affinity = spec?.affinity ?? {}
  // What its author asks of nodes has been weighed already: this one it is.
  const nodeAffinity = {
    ...affinity.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] },
  }
  return {
    metadata: {
      ...metadata,
      labels: { ...metadata?.labels, [REVISION_HASH]: told.hash, 'pod-template-generation': told.generation },
    },
    spec: {
      containers: [],
      ...spec,
      tolerations: tolerationsOf(set.spec?.template ?? {}),
      affinity: { ...affinity, nodeAffinity },
    },
  }
}

/** Where a pod is, or is meant to be. */
export function nodeOf({ spec }: Pod): string | undefined {
  if (spec?.nodeName) return spec.nodeName
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  for (const { matchFields = [] } of required?.nodeSelectorTerms ?? []) {
    const field = matchFields.find(({ key, operator }) => key === 'metadata.name' && operator === 'In')
    if (field?.values?.[0]) return field.values[0]
  }
  return undefined
}
