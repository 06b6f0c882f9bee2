// Keeps pods off cordoned nodes. Upstream: plugins/nodeunschedulable.

import { tolerates } from '../../apimachinery/tolerations.ts'
import { type Plugin, rejectForGood } from '../framework.ts'

const CORDONED = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  filter(_, pod, { isCordoned }) {
    if (!isCordoned) return undefined
    // Who tolerates the taint that stands for it (DaemonSet pods do) may come.
    const tolerated = pod.spec?.tolerations?.some((toleration) => tolerates(toleration, CORDONED))
    return tolerated ? undefined : rejectForGood('node(s) were unschedulable')
  },
  mayHelp(event) {
    if (event.type === 'node-added') return !event.node.spec?.unschedulable
    return event.type === 'node-updated' && !!event.previous.spec?.unschedulable && !event.node.spec?.unschedulable
  },
}
