// Keeps pods off nodes whose taints they do not tolerate; of the others, those with the fewest taints that would
// rather not have the pod score best. Upstream: plugins/tainttoleration.

import type { Node, Pod } from 'kubernetes-types/core/v1'
import { tolerates, untolerated } from '../../apimachinery/tolerations.ts'
import { hasOtherTolerations } from '../cluster-event.ts'
import { normalizeByMax, type Plugin, rejectForGood } from '../framework.ts'

const isTolerated = ({ spec }: Node, pod: Pod) =>
  !untolerated(spec?.taints, pod.spec?.tolerations, ['NoSchedule', 'NoExecute'])

export const taintToleration: Plugin = {
  name: 'TaintToleration',
  weight: 3,
  heedsTaints: true,
  filter(_, pod, { hardTaints }) {
    if (hardTaints.length === 0) return undefined
    const taint = untolerated(hardTaints, pod.spec?.tolerations, ['NoSchedule', 'NoExecute'])
    return taint && rejectForGood('node(s) had untolerated taint(s)')
  },
  score(_, pod, { softTaints }) {
    if (softTaints.length === 0) return 0
    const tolerations = (pod.spec?.tolerations ?? []).filter(({ effect }) => !effect || effect === 'PreferNoSchedule')
    return softTaints.filter((taint) => !tolerations.some((toleration) => tolerates(toleration, taint))).length
  },
  normalize: (_state, _pod, scores) => normalizeByMax(scores, { reverse: true }),
  wokenBy: ['node-added', 'node-updated', 'pod-changed'],
  mayHelp(event, pod) {
    if (event.type === 'pod-changed') return hasOtherTolerations(event.pod, event.previous)
    if (event.type !== 'node-added' && event.type !== 'node-updated') return false
    const wasTolerated = event.type === 'node-updated' && isTolerated(event.previous, pod)
    return !wasTolerated && isTolerated(event.node, pod)
  },
}
