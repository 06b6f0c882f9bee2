// A pod that names its node gets that one or none. Upstream: plugins/nodename.

import { type Plugin, rejectForGood } from '../framework.ts'

export const nodeName: Plugin = {
  name: 'NodeName',
  filter(_, pod, node) {
    const wanted = pod.spec?.nodeName
    return wanted && wanted !== node.name ? rejectForGood("node(s) didn't match the requested node name") : undefined
  },
  mayHelp: (event) => event.type === 'node-added',
}
