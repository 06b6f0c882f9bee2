// UDP has no end: packets of one flow would follow its entry in the kernel's table for ever to an endpoint that is gone, or
// to nowhere when the flow began before there was an endpoint. Such entries are taken away.
// Upstream: pkg/proxy/conntrack/cleanup.go.

import type { NodeOs } from '../node-os/node-os.ts'
import type { Family, ServicePort } from './service-ports.ts'

interface Flow {
  to: string
  port: number
  /** Who answers, as the kernel believes. */
  from: string
}

/** Looks only at flows to `ports`; TCP and SCTP end by themselves. */
export async function forgetStaleFlows(os: NodeOs, family: Family, ports: readonly ServicePort[]): Promise<void> {
  if (!ports.some(({ protocol }) => protocol === 'udp')) return
  const options = ['-p', 'udp', '-f', family.toLowerCase()]
  const { stdout } = await os.run('conntrack', ['-L', ...options])
  for (const { to, port, from } of staleFlows(flowsIn(stdout), ports)) {
    await os.run('conntrack', ['-D', ...options, '-d', to, '--dport', String(port), '-r', from])
  }
}

export function flowsIn(listed: string): Flow[] {
  const flow = /^udp .*?dst=(\S+) sport=\d+ dport=(\d+) .*?src=(\S+) dst=/
  return listed.split('\n').flatMap((line) => {
    const [, to, port, from] = flow.exec(line) ?? []
    return to && from ? [{ to, port: Number(port), from }] : []
  })
}

/** Those that lead to nobody who still answers. A port without any such is let alone: its rules refuse. */
export function staleFlows(flows: readonly Flow[], ports: readonly ServicePort[]): Flow[] {
  const byAddress = new Map<string, ReadonlySet<string>>()
  const byNodePort = new Map<number, ReadonlySet<string>>()
  for (const port of ports) {
    if (port.protocol !== 'udp' || port.serving.length === 0) continue
    const serving = new Set(port.serving)
    for (const ip of [port.clusterIP, ...port.loadBalancerIPs, ...port.externalIPs]) {
      byAddress.set(`${ip} ${port.port}`, serving)
    }
    if (port.nodePort > 0) byNodePort.set(port.nodePort, serving)
  }
  const stale = flows.filter(({ to, port, from }) => {
    const serving = byAddress.get(`${to} ${port}`) ?? byNodePort.get(port)
    return serving !== undefined && !serving.has(from)
  })
  return [...new Map(stale.map((flow) => [`${flow.to} ${flow.port} ${flow.from}`, flow])).values()]
}
