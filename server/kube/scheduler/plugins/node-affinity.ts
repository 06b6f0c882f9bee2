// nodeSelector and node affinity: required terms filter, preferred ones score. Upstream: plugins/nodeaffinity,
// component-helpers/scheduling/corev1/nodeaffinity.

import type { NodeSelector } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { matchesTerm, nodeMatchesPod } from '../../apimachinery/node-affinity.ts'
import { normalizeByMax, type Plugin, rejectForGood, SKIP } from '../framework.ts'

/** Those that are asked for by name, as the pods of DaemonSets do; undefined when any term asks for something else. */
function namedNodes({ nodeSelectorTerms }: NodeSelector): Set<string> | undefined {
  const names = new Set<string>()
  for (const { matchFields = [] } of nodeSelectorTerms) {
    const named = matchFields.filter(({ key, operator }) => key === 'metadata.name' && operator === 'In')
    if (named.length === 0) return undefined
    const [first, ...others] = named.map(({ values = [] }) => values)
    for (const name of first!) if (others.every((values) => values.includes(name))) names.add(name)
  }
  return names
}

export const nodeAffinity: Plugin = {
  name: 'NodeAffinity',
  weight: 2,
  preFilter(_, pod) {
    const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
    if (!required && !pod.spec?.nodeSelector) return SKIP
    const only = required && namedNodes(required)
    return only && { only }
  },
  filter(_, pod, { node }) {
    return node && nodeMatchesPod(pod, node)
      ? undefined
      : rejectForGood("node(s) didn't match Pod's node affinity/selector")
  },
  preScore: (_, pod) => !!pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution?.length,
  score(_, pod, { node }) {
    const preferred = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
    return preferred
      .filter(({ preference }) => node && matchesTerm(preference, node))
      .reduce((sum, { weight }) => sum + weight, 0)
  },
  normalize: (_state, _pod, scores) => normalizeByMax(scores, { reverse: false }),
  wokenBy: ['node-added', 'node-updated'],
  mayHelp(event, pod) {
    if (event.type === 'node-added') return nodeMatchesPod(pod, event.node)
    if (event.type !== 'node-updated') return false
    return !deepEqual(event.node.metadata?.labels, event.previous.metadata?.labels) && nodeMatchesPod(pod, event.node)
  },
}
