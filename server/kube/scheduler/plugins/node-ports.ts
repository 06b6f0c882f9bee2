// A host port can be had once per node, address and protocol. Upstream: plugins/nodeports.

import { type Plugin, reject } from '../framework.ts'
import { type HostPort, hostPorts } from '../node-info.ts'

const ANY = '0.0.0.0'

const collide = (a: HostPort, b: HostPort) =>
  a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === ANY || b.ip === ANY)

export const nodePorts: Plugin = {
  name: 'NodePorts',
  preFilter(state, pod) {
    state.set('NodePorts', hostPorts(pod))
    return undefined
  },
  filter(state, _, node) {
    const wanted = state.get('NodePorts') as HostPort[]
    const taken = wanted.some((port) => node.usedPorts.some((used) => collide(port, used)))
    return taken ? reject("node(s) didn't have free ports for the requested pod ports") : undefined
  },
  mayHelp(event, pod) {
    if (event.type === 'node-added') return true
    if (event.type !== 'pod-removed') return false
    return hostPorts(event.pod).some((freed) => hostPorts(pod).some((wanted) => collide(freed, wanted)))
  },
}
