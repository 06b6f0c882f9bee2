// Keeps pods off cordoned nodes. Upstream: plugins/nodeunschedulable.

import type { Pod } from 'kubernetes-types/core/v1'
import { tolerates } from '../../apimachinery/tolerations.ts'
import { hasOtherTolerations } from '../cluster-event.ts'
import { type Plugin, rejectForGood } from '../framework.ts'

const CORDONED = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

/** Who tolerates the taint that stands for it (DaemonSet pods do) may come. */
const toleratesCordon = ({ spec }: Pod) =>
  spec?.tolerations?.some((toleration) => tolerates(toleration, CORDONED)) === true

export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  heedsTaints: true,
  filter(_, pod, { isCordoned }) {
    if (!isCordoned) return undefined
    return toleratesCordon(pod) ? undefined : rejectForGood('node(s) were unschedulable')
  },
  wokenBy: ['node-added', 'node-updated', 'pod-changed'],
  mayHelp(event) {
    if (event.type === 'pod-changed')
      return hasOtherTolerations(event.pod, event.previous) && toleratesCordon(event.pod)
    if (event.type === 'node-added') return !event.node.spec?.unschedulable
    return event.type === 'node-updated' && !!event.previous.spec?.unschedulable && !event.node.spec?.unschedulable
  },
}
