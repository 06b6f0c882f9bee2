// What somebody typed as the target of a trace, as a name or an address and a port that can really be called.

import { isIPv4 } from 'node:net'
import type { ClusterObjects } from '../addresses.ts'

export interface TraceTarget {
  host: string
  port: number
}

/** In the client's namespace, where names are short. Returns what is wrong where it cannot be called. */
export function traceTarget(typed: string, namespace: string, objects: ClusterObjects): TraceTarget | string {
  const [, what = '', told] = /^([^:\s]+)(?::(\d+))?$/.exec(typed.trim()) ?? []
  if (what === '') return 'Say whom to call: `web`, `web:8080`, `pod/web-1` or `10.96.0.10:53`.'
  const port = told === undefined ? undefined : Number(told)
  if (port !== undefined && (port < 1 || port > 65535)) return `\`${told}\` is no port: they go from 1 to 65535.`
  if (what.startsWith('pod/')) return podTarget(what.slice('pod/'.length), port, namespace, objects)
  const node = objects.nodes.find(({ metadata }) => metadata?.name === what)
  const address = node?.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address
  if (address) return port ? { host: address, port } : `Say which port of ${what}: \`${what}:30080\`.`
  if (!/^[\w.-]{1,253}$/.test(what)) return `\`${what}\` is neither a name nor an address of IPv4.`
  return { host: what, port: port ?? portOfService(what, namespace, objects) ?? 80 }
}

function podTarget(
  name: string,
  port: number | undefined,
  own: string,
  { pods }: ClusterObjects,
): TraceTarget | string {
  const [first = '', second] = name.split('/')
  const [namespace, pod] = second === undefined ? [own, first] : [first, second]
  const found = pods.find(({ metadata }) => metadata?.namespace === namespace && metadata.name === pod)
  const ip = found?.status?.podIP
  if (!found) return `There is no Pod \`${pod}\` in ${namespace}.`
  if (!ip || !isIPv4(ip)) return `Pod \`${pod}\` has no address yet.`
  const declared = (found.spec?.containers ?? []).flatMap(({ ports = [] }) => ports)[0]?.containerPort
  return { host: ip, port: port ?? declared ?? 80 }
}

/** The first that it has. */
function portOfService(host: string, own: string, { services }: ClusterObjects): number | undefined {
  const [name, namespace = own] = host.split('.')
  const service = isIPv4(host)
    ? services.find(({ spec }) => spec?.clusterIP === host)
    : services.find(({ metadata }) => metadata?.name === name && metadata?.namespace === namespace)
  return service?.spec?.ports?.[0]?.port
}
