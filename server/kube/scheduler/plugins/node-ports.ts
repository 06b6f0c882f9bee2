// A host port can be had once per node, address and protocol. Upstream: plugins/nodeports.

import { type Plugin, reject, SKIP } from '../framework.ts'
import { type HostPort, hostPorts } from '../node-info.ts'

const ANY = '0.0.0.0'

const collide = (a: HostPort, b: HostPort) =>
  a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === ANY || b.ip === ANY)

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
    return taken ? reject("node(s) didn't have free ports for the requested pod ports") : undefined
  },
  wokenBy: ['node-added', 'pod-removed'],
  mayHelp(event, pod) {
    if (event.type !== 'pod-removed') return true
    return hostPorts(event.pod).some((freed) => hostPorts(pod).some((wanted) => collide(freed, wanted)))
  },
}
