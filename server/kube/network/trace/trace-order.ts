// What a machine is asked for while one request is traced. All of it becomes words of nft's language, so all of it is looked at.

import { isIP } from 'node:net'
import { badRequest } from '../../apimachinery/status-error.ts'

export interface TraceOrder {
  /** From which the request is sent: the name of the trace as well. */
  port: number
  protocol: 'tcp' | 'udp'
  /** The client is on this machine. */
  isHere: boolean
  /** The client's addresses, one of each family; none for the machine itself, which is told by the port alone. */
  from: string[]
  /** Addresses under which the request may come from another machine. */
  others: string[]
}

/** One end of a connection as a machine sees it. */
export interface Source {
  ip: string
  port: number
}

export function traceOrder(value: unknown): TraceOrder {
  const { isHere, from = [], others = [] } = fieldsOf(value)
  return {
    port: portOf(value),
    protocol: protocolOf(value),
    isHere: isHere === true,
    from: addressesIn('from', from),
    others: addressesIn('others', others),
  }
}

/** Without sources, what the client of this machine sent itself. */
export function collectOrder(value: unknown): { port: number; sources?: Source[] } {
  const { sources } = fieldsOf(value)
  if (sources === undefined) return { port: portOf(value) }
  if (!Array.isArray(sources) || !sources.every(isSource)) throw badRequest('sources: addresses and ports are needed')
  return { port: portOf(value), sources }
}

export function requestOf(value: unknown): { host: string; port: number; protocol: 'tcp' | 'udp'; localPort: number } {
  const { host, to } = fieldsOf(value)
  if (typeof host !== 'string' || !(/^[\w.-]{1,253}$/.test(host) || isAddress(host))) {
    throw badRequest('host: a name or an address is needed')
  }
  if (!isPort(to)) throw badRequest('to: a port is needed')
  return { host, port: to, protocol: protocolOf(value), localPort: portOf(value) }
}

export function portOf(value: unknown): number {
  const { port } = fieldsOf(value)
  if (!isPort(port)) throw badRequest('port: a port is needed')
  return port
}

function protocolOf(value: unknown): TraceOrder['protocol'] {
  const { protocol } = fieldsOf(value)
  if (protocol !== 'tcp' && protocol !== 'udp') throw badRequest('protocol: tcp or udp')
  return protocol
}

function addressesIn(what: string, value: unknown): string[] {
  if (Array.isArray(value) && value.every(isAddress)) return value
  throw badRequest(`${what}: addresses are needed`)
}

const fieldsOf = (value: unknown) => (value ?? {}) as Record<string, unknown>
/** Without the name of a link, which Node takes as well. */
const isAddress = (value: unknown): value is string =>
  typeof value === 'string' && isIP(value) !== 0 && !value.includes('%')
const isPort = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) > 0 && Number(value) < 65536
const isSource = (value: unknown): value is Source => isAddress(fieldsOf(value).ip) && isPort(fieldsOf(value).port)
