// A cluster of two machines, and what their kernels told of requests in it: rules as they were printed, shortened.

import type { Node, Pod, Service } from 'kubernetes-types/core/v1'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1'
import type { RequestOutcome } from '../../../../kube/network/trace/make-request.ts'
import type { Passage, TracedRule } from '../../../../kube/network/trace/passages.ts'
import type { TraceReport } from '../../../../kube/network/trace/request-tracer.ts'
import type { Told } from '../told.ts'

const node = (name: string, address: string, podCIDR: string): Node => ({
  metadata: { name },
  spec: { podCIDR },
  status: {
    addresses: [{ type: 'InternalIP', address }],
    conditions: [{ type: 'Ready', status: 'True' }],
    nodeInfo: { containerRuntimeVersion: 'docker://20.10.24' } as never,
  },
})
const pod = (name: string, app: string, nodeName: string, podIP: string, ready = true): Pod => ({
  metadata: { namespace: 'default', name, labels: { app } },
  spec: { nodeName, containers: [{ name, ports: [{ containerPort: 80 }] }] },
  status: {
    podIP,
    podIPs: [{ ip: podIP }, { ip: sixOf(podIP) }],
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
  },
})
/** Of the same machine and number. */
const sixOf = (ip: string) => ip.replace(/^10\.244\.(\d+)\.(\d+)$/, 'fd00:10:244:$1::$2')

const service = (name: string, clusterIP: string, app: string, targetPort = 80, namespace = 'default'): Service => ({
  metadata: { namespace, name },
  spec: {
    clusterIP,
    clusterIPs: [clusterIP, `fd00:10:96::${clusterIP.split('.').at(-1)}`],
    selector: { app },
    ports: [{ port: 8080, targetPort, nodePort: 30080 }],
  },
})
const slice = (name: string, port: number, ...addresses: string[]): EndpointSlice => ({
  metadata: { namespace: 'default', name, labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  ports: [{ port }],
  endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
})

export const objects = {
  nodes: [node('node-1', '10.160.1.12', '10.244.1.0/24'), node('node-2', '10.160.1.13', '10.244.0.0/24')],
  pods: [
    pod('client', 'client', 'node-1', '10.244.1.2'),
    pod('web-1', 'web', 'node-1', '10.244.1.3'),
    pod('web-2', 'web', 'node-2', '10.244.0.2'),
    pod('sick', 'sick', 'node-2', '10.244.0.9', false),
  ],
  services: [
    service('web', '10.96.0.50', 'web'),
    service('nobody', '10.96.0.51', 'wbe'),
    service('closed', '10.96.0.52', 'web', 81),
    service('unready', '10.96.0.53', 'sick'),
    service('db', '10.96.0.54', 'db', 80, 'shop'),
    { metadata: { namespace: 'default', name: 'headless' }, spec: { clusterIP: 'None', selector: { app: 'none' } } },
  ],
  endpointSlices: [slice('web', 80, '10.244.1.3', '10.244.0.2'), slice('closed', 81, '10.244.0.2')],
}

export const rule = (chain: string, verdict: string, text: string): TracedRule => ({ chain, verdict, text, handle: 1 })

export function passage(
  [family = '', table = '', chain = '']: string[],
  [iif, oif]: [string, string],
  [from, to]: [string, string],
  rules: TracedRule[] = [],
): Passage {
  const [[source = '', fromPort], [target = '', toPort]] = [from.split(':'), to.split(':')]
  const ends = { from: source, to: target, fromPort: Number(fromPort), toPort: Number(toPort) }
  return { family, table, chain, rules, packet: { ...ends, iif, oif, protocol: 'tcp', line: `iif "${iif}"` } }
}

export const CLIENT = '10.244.1.2:41000'
const PREROUTING = ['ip', 'nat', 'PREROUTING']
export const FORWARD = ['ip', 'filter', 'FORWARD']
const portals = rule('PREROUTING', 'jump KUBE-SERVICES', '-A PREROUTING -j KUBE-SERVICES')
const SEP = 'KUBE-SEP-B'
const chosen = `-A KUBE-SVC-A -m comment --comment "default/web -> 10.244.0.2:80" -j ${SEP}`

/** As it meets kube-proxy's rules, which lead to an endpoint, or not. */
export const preroutingTo = (to: string, ...rules: TracedRule[]) =>
  passage(PREROUTING, ['cni0', ''], [CLIENT, to], [portals, ...rules])
const leading = (text: string, endpoint: string) => [
  rule('KUBE-SERVICES', 'jump KUBE-SVC-A', text),
  rule('KUBE-SVC-A', `jump ${SEP}`, chosen),
  rule(SEP, 'accept', `-A ${SEP} -p tcp -j DNAT --to-destination ${endpoint}`),
]
export const leadingTo = (service: string, endpoint: string) =>
  leading(`-A KUBE-SERVICES "${service} cluster IP"`, endpoint)

const via = {
  asked: 'ip route get 10.244.0.2',
  says: '10.244.0.2 from 10.244.1.2 via 10.160.1.13 dev eth0',
  isThere: true,
}
const answered = (from: string, fromPort: number, to = '10.244.1.2', toPort = 41000) => ({ from, fromPort, to, toPort })

export const report = (passages: Passage[], more: Partial<TraceReport> = {}): TraceReport => ({
  passages,
  chains: {
    'ip nat KUBE-SVC-A': [
      '-A KUBE-SVC-A ! -s 10.244.0.0/16 -j KUBE-MARK-MASQ',
      '-A KUBE-SVC-A -m comment --comment "default/web -> 10.244.1.3:80" --probability 0.5 -j KUBE-SEP-A',
      chosen,
    ],
  },
  ...more,
})
export const connection = (to: string, from: string, fromPort: number): NonNullable<TraceReport['connection']> => ({
  line: 'tcp 6 119 TIME_WAIT src=10.244.1.2',
  protocol: 'tcp',
  state: 'TIME_WAIT',
  replied: true,
  asked: { from: '10.244.1.2', fromPort: 41000, to, toPort: 8080 },
  answered: answered(from, fromPort),
})

/** On the client's machine: by Service to the Pod on the other one. */
export const there = (name: string, address: string, port = 80) =>
  report(
    [
      preroutingTo(`${address}:8080`, ...leadingTo(`default/${name}`, `10.244.0.2:${port}`)),
      passage(
        FORWARD,
        ['cni0', 'eth0'],
        [CLIENT, `10.244.0.2:${port}`],
        [rule('FORWARD', 'jump KUBE-FORWARD', '-A FORWARD -j KUBE-FORWARD')],
      ),
    ],
    { route: via, connection: connection(address, '10.244.0.2', port) },
  )
/** On the Pod's machine. */
export const arrives = (port: number, ...rules: TracedRule[]) =>
  report(
    [
      passage(FORWARD, ['eth0', 'cni0'], [CLIENT, `10.244.0.2:${port}`]),
      passage(['inet', 'network-policy', 'ingress'], ['eth0', 'cni0'], [CLIENT, `10.244.0.2:${port}`], rules),
    ],
    { route: { asked: 'ip route get 10.244.0.2', says: '10.244.0.2 from 10.244.1.2 dev cni0', isThere: true } },
  )

export const outcome = (how: string, address?: string, more: Partial<RequestOutcome> = {}): RequestOutcome => ({
  names: [],
  nameServer: '10.96.0.10',
  how,
  connectMs: 1,
  bytes: 0,
  ...(address ? { address } : {}),
  ...more,
})

export function told(
  host: string,
  more: Omit<Partial<Told>, 'machines'> & { reports?: [string, TraceReport][] },
): Told {
  const { reports = [], ...rest } = more
  return {
    client: {
      name: 'client',
      namespace: 'default',
      machine: 'node-1',
      pod: { namespace: 'default', name: 'client' },
      ips: ['10.244.1.2', 'fd00:10:244:1::2'],
    },
    target: { host, port: 8080 },
    port: 41000,
    protocol: 'tcp',
    objects,
    outcome: outcome('silence'),
    machines: reports.map(([name, one]) => ({ name, report: one })),
    unheard: [],
    ...rest,
  }
}
