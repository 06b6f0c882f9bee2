// What IPVS is asked for: a virtual server for each address and port of a Service, with its endpoints behind it, as the text
// that ipvsadm saves and restores. Pure. Upstream: pkg/proxy/ipvs/proxier.go.

import type { Endpoint } from '../choose-endpoints.ts'
import type { ServicePort } from '../service-ports.ts'

/** `-t 10.96.0.50:80` → how it chooses, and what is behind it: `10.244.0.2:8080` → 1, or 0 where no new call is led to it. */
export type VirtualServers = Map<string, { how: string; endpoints: ReadonlyMap<string, number> }>

const FLAG = { tcp: '-t', udp: '-u', sctp: '--sctp-service' } as const

export function virtualServersOf(ports: readonly ServicePort[], nodeIP: string): VirtualServers {
  const servers: VirtualServers = new Map()
  for (const port of ports) {
    const how = port.affinitySeconds > 0 ? `-s rr -p ${port.affinitySeconds}` : '-s rr'
    const add = (ip: string, number: number, endpoints: readonly Endpoint[]) =>
      servers.set(`${FLAG[port.protocol]} ${joined(ip, number)}`, {
        how,
        endpoints: new Map(endpoints.map((endpoint) => [joined(endpoint.ip, endpoint.port), 1])),
      })
    add(port.clusterIP, port.port, port.internalLocal ? port.local : port.cluster)
    // Pods here may still call where no endpoint is here: IPVS cannot tell them from who comes from outside.
    const external = port.externalLocal && port.local.length > 0 ? port.local : port.cluster
    for (const ip of [...port.externalIPs, ...port.loadBalancerIPs]) add(ip, port.port, external)
    if (port.nodePort > 0) add(nodeIP, port.nodePort, external)
  }
  return servers
}

/** From what `ipvsadm --save -n` says. */
export function readVirtualServers(saved: string): VirtualServers {
  const servers = new Map<string, { how: string; endpoints: Map<string, number> }>()
  for (const line of saved.split('\n')) {
    const [, command, server, rest = ''] = /^(-A|-a) (\S+ \S+) (.*)$/.exec(line.trim()) ?? []
    if (command === '-A' && server) servers.set(server, { how: rest, endpoints: new Map() })
    const [, endpoint, weight] = /^-r (\S+) .*-w (\d+)/.exec(rest) ?? []
    if (command === '-a' && server && endpoint) servers.get(server)?.endpoints.set(endpoint, Number(weight))
  }
  return servers
}

/**
 * What is wanted, and endpoints that are not wanted any more but may have connections over TCP: those go on to their end.
 * Of other protocols nobody knows when that is. Upstream: graceful_termination.go.
 */
export function withLeaving(
  wanted: VirtualServers,
  applied: VirtualServers,
  hasConnections: (server: string, endpoint: string) => boolean,
): VirtualServers {
  return new Map(
    [...wanted].map(([server, { how, endpoints }]) => {
      const before = server.startsWith(FLAG.tcp) ? [...(applied.get(server)?.endpoints.keys() ?? [])] : []
      const leaving = before.filter((endpoint) => !endpoints.has(endpoint) && hasConnections(server, endpoint))
      return [server, { how, endpoints: new Map([...endpoints, ...leaving.map((endpoint) => [endpoint, 0] as const)]) }]
    }),
  )
}

/** Connections that are open or have just ended, by server and endpoint; from what `ipvsadm --list -n` says. */
export function readConnections(listed: string): Map<string, number> {
  const counts = new Map<string, number>()
  let server = ''
  for (const line of listed.split('\n')) {
    const [, protocol = '', address = ''] = /^(TCP|UDP|SCTP)\s+(\S+)/.exec(line) ?? []
    if (protocol) server = `${FLAG[protocol.toLowerCase() as keyof typeof FLAG]} ${address}`
    const [, endpoint, active, inactive] = /^\s+->\s+(\S+)\s+\S+\s+\d+\s+(\d+)\s+(\d+)/.exec(line) ?? []
    if (endpoint) counts.set(`${server} ${endpoint}`, Number(active) + Number(inactive))
  }
  return counts
}

/** For `ipvsadm --restore`, which takes every command. A server that stays is never without endpoints meanwhile. */
export function restoreLines(wanted: VirtualServers, applied: VirtualServers): string[] {
  const lines: string[] = []
  for (const [server, { how, endpoints }] of wanted) {
    const before = applied.get(server)
    if (before?.how !== how) lines.push(`${before ? '-E' : '-A'} ${server} ${how}`)
    for (const [endpoint, weight] of endpoints) {
      const known = before?.endpoints.get(endpoint)
      if (known !== weight) lines.push(`${known === undefined ? '-a' : '-e'} ${server} -r ${endpoint} -m -w ${weight}`)
    }
    for (const endpoint of before?.endpoints.keys() ?? []) {
      if (!endpoints.has(endpoint)) lines.push(`-d ${server} -r ${endpoint}`)
    }
  }
  for (const server of applied.keys()) if (!wanted.has(server)) lines.push(`-D ${server}`)
  return lines
}

const joined = (ip: string, port: number) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)
