// Who may call in a trace, and whom one would call: what is there, a learner's own first.

import type { NetworkService, TraceQuestion } from '../../../../../server/observe/index.ts'
import type { NetworkModel } from '../network-model.ts'

export interface Caller {
  key: string
  words: string
  from: TraceQuestion['from']
}

export function callersOf({ pods, machines }: Pick<NetworkModel, 'pods' | 'machines'>): Caller[] {
  const ours = pods.filter(({ namespace, ips }) => namespace !== 'kube-system' && ips.length > 0)
  return [
    ...ours.map(({ namespace, name }) => ({
      key: `pod ${namespace}/${name}`,
      words: namespace === 'default' ? name : `${name} in ${namespace}`,
      from: { pod: { namespace, name } },
    })),
    ...machines
      .filter(({ state }) => state !== 'simulated')
      .map(({ name }) => ({ key: `machine ${name}`, words: `${name}, the machine`, from: { machine: name } })),
    { key: 'terminal', words: 'your terminal', from: { terminal: true } },
  ]
}

/** As they would be typed by the caller. */
export function targetsFor(
  caller: Caller | undefined,
  { pods, machines, services }: Pick<NetworkModel, 'pods' | 'machines' | 'services'>,
): string[] {
  const own = caller && 'pod' in caller.from ? caller.from.pod.namespace : 'default'
  const [machine] = machines
  const nodePorts = services.flatMap(({ ports }) =>
    ports.flatMap(({ nodePort }) => (nodePort && machine ? [`${machine.name}:${nodePort}`] : [])),
  )
  // What is for the inside is not reached from there.
  if (caller && 'terminal' in caller.from) return nodePorts
  return [
    ...services.flatMap(({ namespace, name, ports }) => {
      const host = namespace === own ? name : `${name}.${namespace}`
      return ports.filter(({ protocol }) => protocol === 'TCP').map(({ port }) => `${host}:${port}`)
    }),
    ...pods.flatMap(({ namespace, name, ips, onHost }) =>
      ips.length > 0 && !onHost && namespace === own ? [`pod/${name}`] : [],
    ),
    ...nodePorts,
  ]
}

/** With its namespace, wherever the caller is. */
export const targetOf = ({ namespace, name, ports }: NetworkService): string =>
  `${name}.${namespace}${ports[0] ? `:${ports[0].port}` : ''}`
