// What IPVS is asked for: a virtual server for each address and port of a Service, with its endpoints behind it, as the text
// that ipvsadm saves and restores. Pure. Upstream: pkg/proxy/ipvs/proxier.go.

import type { Endpoint } from '../choose-endpoints.ts'
import type { ServicePort } from '../service-ports.ts'

/** `-t 10.96.0.50:80` → how it chooses, and `10.244.0.2:8080 …` behind it. */
export type VirtualServers = Map<string, { how: string; endpoints: Set<string> }>

const FLAG = { tcp: '-t', udp: '-u', sctp: '--sctp-service' } as const

export function virtualServersOf(ports: readonly ServicePort[], nodeIP: string): VirtualServers {
  const servers: VirtualServers = new Map()
  for (const port of ports) {
    const how = port.affinitySeconds > 0 ? `-s rr -p ${port.affinitySeconds}` : '-s rr'
    const add = (ip: string, number: number, endpoints: readonly Endpoint[]) =>
      servers.set(`${FLAG[port.protocol]} ${joined(ip, number)}`, {
        how,
        endpoints: new Set(endpoints.map((endpoint) => joined(endpoint.ip, endpoint.port))),
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
  const servers: VirtualServers = new Map()
  for (const line of saved.split('\n')) {
    const [, command, server, rest = ''] = /^(-A|-a) (\S+ \S+) (.*)$/.exec(line.trim()) ?? []
    if (command === '-A' && server) servers.set(server, { how: rest, endpoints: new Set() })
    const endpoint = /^-r (\S+)/.exec(rest)?.[1]
    if (command === '-a' && server && endpoint) servers.get(server)?.endpoints.add(endpoint)
  }
  return servers
}

/** For `ipvsadm --restore`, which takes every command. A server that stays is never without endpoints meanwhile. */
export function restoreLines(wanted: VirtualServers, applied: VirtualServers): string[] {
  const lines: string[] = []
  for (const [server, { how, endpoints }] of wanted) {
    const before = applied.get(server)
    if (before?.how !== how) lines.push(`${before ? '-E' : '-A'} ${server} ${how}`)
    for (const endpoint of endpoints) {
      if (!before?.endpoints.has(endpoint)) lines.push(`-a ${server} -r ${endpoint} -m -w 1`)
    }
    for (const endpoint of before?.endpoints ?? []) {
      if (!endpoints.has(endpoint)) lines.push(`-d ${server} -r ${endpoint}`)
    }
  }
  for (const server of applied.keys()) if (!wanted.has(server)) lines.push(`-D ${server}`)
  return lines
}

const joined = (ip: string, port: number) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)
