// Only nodes that declare that they can do what the pod needs. Upstream: plugins/nodedeclaredfeatures.

import { deepEqual } from '../../apimachinery/deep.ts'
import { declaredBy, lackingOn, neededBy } from '../../kinds/placement/declared-features.ts'
import { type Plugin, rejectForGood, SKIP } from '../framework.ts'

const NAME = 'NodeDeclaredFeatures'

export const nodeDeclaredFeatures: Plugin = {
  name: NAME,
  preFilter(state, pod) {
    const needed = neededBy(pod)
    if (needed.length === 0) return SKIP
    state.set(NAME, needed)
    return undefined
  },
  filter(state, _pod, { node }) {
    const lacking = lackingOn(node, state.get(NAME) as string[])
    if (lacking.length === 0) return undefined
    return rejectForGood(`node declared features check failed - unsatisfied requirements: ${lacking.join(', ')}`)
  },
  wokenBy: ['node-added', 'node-updated', 'pod-changed'],
  mayHelp(event) {
    if (event.type === 'pod-changed') return !deepEqual(neededBy(event.pod), neededBy(event.previous))
    return event.type !== 'node-updated' || !deepEqual(declaredBy(event.node), declaredBy(event.previous))
  },
}
