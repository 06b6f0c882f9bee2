// Where a pod of higher priority would push others out. There are no priorities yet, so it says what upstream says
// when it finds nobody to push: after the words of DynamicResources, which runs before it.
// Upstream: framework/preemption/preemption.go.

import { countReasons } from '../fit-error.ts'
import type { Plugin } from '../framework.ts'

export const defaultPreemption: Plugin = {
  name: 'DefaultPreemption',
  postFilter(_state, _pod, rejections) {
    const verdicts = [...rejections.values()].map(({ unresolvable }) => ({
      reasons: [
        unresolvable ? 'Preemption is not helpful for scheduling' : 'No preemption victims found for incoming pod',
      ],
      unresolvable,
    }))
    const count = rejections.size
    const message = `preemption: 0/${count} nodes are available: ${countReasons(verdicts)}.`
    return { message: `no new claims to deallocate, ${message}` }
  },
}
