// nodeSelector and node affinity: required terms filter, preferred ones score. Upstream: plugins/nodeaffinity,
// component-helpers/scheduling/corev1/nodeaffinity.

import { deepEqual } from '../../apimachinery/deep.ts'
import { matchesTerm, nodeMatchesPod } from '../../apimachinery/node-affinity.ts'
import { normalizeByMax, type Plugin, rejectForGood } from '../framework.ts'

export const nodeAffinity: Plugin = {
  name: 'NodeAffinity',
  weight: 2,
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
  mayHelp(event, pod) {
    if (event.type === 'node-added') return nodeMatchesPod(pod, event.node)
    if (event.type !== 'node-updated') return false
    return !deepEqual(event.node.metadata?.labels, event.previous.metadata?.labels) && nodeMatchesPod(pod, event.node)
  },
}
