// A host port can be had once per node, address and protocol. Upstream: plugins/nodeports.

import { collide, type HostPort, hostPorts, NO_FREE_PORTS } from '../../apimachinery/host-ports.ts'
import { type Plugin, reject, SKIP } from '../framework.ts'

export const nodePorts: Plugin = {
  name: 'NodePorts',
  preFilter(state, pod) {
    const wanted = hostPorts(pod)
    if (wanted.length === 0) return SKIP
    state.set('NodePorts', wanted)
    return undefined
  },
  filter(state, _, node) {
    const wanted = state.get('NodePorts') as HostPort[]
    const taken = wanted.some((port) => node.usedPorts.some((used) => collide(port, used)))
    return taken ? reject(NO_FREE_PORTS) : undefined
  },
  wokenBy: ['node-added', 'pod-removed'],
  mayHelp(event, pod) {
    if (event.type !== 'pod-removed') return true
    return hostPorts(event.pod).some((freed) => hostPorts(pod).some((wanted) => collide(freed, wanted)))
  },
}
