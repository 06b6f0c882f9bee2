// What somebody typed as the target of a trace, as a name or an address and a port that can really be called.

import { isIP } from 'node:net'
import type { ClusterObjects } from '../addresses.ts'
import { clusterIPsOf } from '../object-addresses.ts'

export interface TraceTarget {
  host: string
  port: number
}

/** In the client's namespace, where names are short. Returns what is wrong where it cannot be called. */
export function traceTarget(typed: string, namespace: string, objects: ClusterObjects): TraceTarget | string {
  const [what, told] = partsOf(typed.trim())
  if (what === '') return 'Say whom to call: `web`, `web:8080`, `pod/web-1` or `10.96.0.10:53`.'
  const port = told === undefined ? undefined : Number(told)
  if (port !== undefined && (port < 1 || port > 65535)) return `\`${told}\` is no port: they go from 1 to 65535.`
  if (what.startsWith('pod/')) return podTarget(what.slice('pod/'.length), port, namespace, objects)
  const node = objects.nodes.find(({ metadata }) => metadata?.name === what)
  const addresses = (node?.status?.addresses ?? []).flatMap(({ type, address }) =>
    type === 'InternalIP' ? address : [],
  )
  const address = addresses.find((one) => one.includes(':') === isOfSix(objects)) ?? addresses[0]
  if (address) return port ? { host: address, port } : `Say which port of ${what}: \`${what}:30080\`.`
  if (!/^[\w.-]{1,253}$/.test(what) && isIP(what) === 0) return `\`${what}\` is neither a name nor an address.`
  return { host: what, port: port ?? portOfService(what, namespace, objects) ?? 80 }
}

/** Nodes have addresses of IPv4 also where Services and pods have none. */
const isOfSix = ({ services }: ClusterObjects) =>
  services.some(
    (one) =>
      one.metadata?.namespace === 'default' &&
      one.metadata.name === 'kubernetes' &&
      clusterIPsOf(one)[0]?.includes(':'),
  )

/** `web`, `web:8080`, `fd00::50`, `[fd00::50]:8080`. */
function partsOf(typed: string): [what: string, port?: string] {
  if (isIP(typed)) return [typed]
  const [, six, name, port] = /^(?:\[([\da-f:]+)\]|([^:\s]+))(?::(\d+))?$/i.exec(typed) ?? []
  return [six ?? name ?? '', ...(port ? [port] : [])] as [string, string?]
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
  if (!ip) return `Pod \`${pod}\` has no address yet.`
  const declared = (found.spec?.containers ?? []).flatMap(({ ports = [] }) => ports)[0]?.containerPort
  return { host: ip, port: port ?? declared ?? 80 }
}

/** The first that it has. */
function portOfService(host: string, own: string, { services }: ClusterObjects): number | undefined {
  const [name, namespace = own] = host.split('.')
  const service = isIP(host)
    ? services.find((one) => clusterIPsOf(one).includes(host))
    : services.find(({ metadata }) => metadata?.name === name && metadata?.namespace === namespace)
  return service?.spec?.ports?.[0]?.port
}
