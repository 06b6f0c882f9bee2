// One request, really made: the name is looked up as a pod's C library does it, step by step, then whoever it leads to is
// called. Runs in the network of whoever asks: in the agent's own process for the machine, in a child inside a pod's.

import dgram from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import net, { isIP } from 'node:net'
import { systemClock } from '../../../base/clock.ts'
import { addressesInHosts, namesToTry, resolverSettings } from './resolver-settings.ts'

export interface RequestOrder {
  /** A name as a program would be given it, or an address. */
  host: string
  port: number
  protocol: 'tcp' | 'udp'
  /** By which the kernel's rules know it. */
  localPort: number
  /** What /etc/resolv.conf and /etc/hosts say to whoever asks. */
  resolvConf: string
  hosts: string
}

/** One question of the search list and what came back. */
export interface NameStep {
  name: string
  /** The family of the address that was asked for. */
  type: 'A' | 'AAAA'
  /** `NOERROR`, or what was wrong: `NXDOMAIN`, `NODATA`, `SERVFAIL`, `TIMEOUT`, `REFUSED`. */
  answer: string
  addresses: string[]
  ms: number
}

export interface RequestOutcome {
  /** Empty for an address, and for a name that stands in the hosts file. */
  names: NameStep[]
  nameServer: string
  /** The line of the hosts file that knew it. */
  hostsLine?: string
  /** Who was called; undefined when the name led nowhere. */
  address?: string
  /** `connected`, or the system's code: `ECONNREFUSED`; `silence` when nothing came in time. */
  how: string
  /** Whose address the caller had. */
  from?: string
  connectMs: number
  /** The first line of what was answered, over HTTP or UDP. */
  answer?: string
  bytes: number
}

const ANSWER_MS = 3_000
/** A packet that was lost has been sent again by then. */
const CONNECT_MS = 2_500
const NAME_MS = 1_500
const LONGEST_ANSWER = 200

const ANSWERS: Record<string, string> = {
  ENOTFOUND: 'NXDOMAIN',
  ENODATA: 'NODATA',
  ESERVFAIL: 'SERVFAIL',
  ETIMEOUT: 'TIMEOUT',
  EREFUSED: 'REFUSED',
}

export async function makeRequest(order: RequestOrder): Promise<RequestOutcome> {
  const settings = resolverSettings(order.resolvConf)
  const outcome: RequestOutcome = { names: [], nameServer: settings.server, how: 'no name', connectMs: 0, bytes: 0 }
  const known = isIP(order.host) ? undefined : addressesInHosts(order.hosts, order.host)
  if (known) outcome.hostsLine = known.line
  else if (!isIP(order.host)) outcome.names = await lookUp(namesToTry(order.host, settings), settings.server)
  const address = isIP(order.host) ? order.host : (known?.address ?? outcome.names.at(-1)?.addresses[0])
  if (!address) return outcome
  return { ...outcome, address, ...(await (order.protocol === 'tcp' ? callTcp : callUdp)(address, order)) }
}

/** Until one is known, or nobody can be asked. */
async function lookUp(names: readonly string[], server: string): Promise<NameStep[]> {
  const resolver = new Resolver({ timeout: NAME_MS, tries: 1 })
  resolver.setServers([server])
  const steps: NameStep[] = []
  for (const name of names) {
    steps.push(await askFor(resolver, name, 'A'))
    // Somebody has that name, and no address of IPv4.
    if (steps.at(-1)?.answer === 'NODATA') steps.push(await askFor(resolver, name, 'AAAA'))
    if (!['NXDOMAIN', 'NODATA'].includes(steps.at(-1)?.answer ?? '')) break
  }
  return steps
}

async function askFor(resolver: Resolver, name: string, type: NameStep['type']): Promise<NameStep> {
  const began = performance.now()
  const asked = type === 'A' ? resolver.resolve4(name) : resolver.resolve6(name)
  const { answer, addresses } = await asked.then(
    (found) => ({ answer: 'NOERROR', addresses: found }),
    ({ code = '' }: NodeJS.ErrnoException) => ({ answer: ANSWERS[code] ?? code, addresses: [] as string[] }),
  )
  return { name, type, answer, addresses, ms: elapsed(began) }
}

type Call = Pick<RequestOutcome, 'how' | 'connectMs' | 'bytes'> & Partial<Pick<RequestOutcome, 'from' | 'answer'>>

/** Connected, it asks for `/` as a browser would; whoever speaks something else may say so. */
function callTcp(address: string, { host, port, localPort }: RequestOrder): Promise<Call> {
  const began = performance.now()
  return new Promise((resolve) => {
    const socket = net.connect({ host: address, port, localPort })
    const call: Call = { how: 'silence', connectMs: 0, bytes: 0 }
    let said = ''
    let timer = systemClock.setTimeout(() => socket.destroy(), CONNECT_MS)
    socket.once('connect', () => {
      Object.assign(call, { how: 'connected', connectMs: elapsed(began), from: socket.localAddress })
      timer[Symbol.dispose]()
      timer = systemClock.setTimeout(() => socket.destroy(), ANSWER_MS)
      const name = isIP(host) === 6 ? `[${host}]` : host
      socket.write(`GET / HTTP/1.1\r\nHost: ${name}:${port}\r\nUser-Agent: podium-trace\r\nConnection: close\r\n\r\n`)
    })
    socket.on('data', (chunk) => {
      call.bytes += chunk.length
      said = (said + chunk.toString('latin1')).slice(0, LONGEST_ANSWER)
    })
    socket.once('error', (err: NodeJS.ErrnoException) => {
      if (call.how !== 'connected') Object.assign(call, { how: codeOf(err), connectMs: elapsed(began) })
    })
    socket.once('close', () => {
      timer[Symbol.dispose]()
      resolve(withAnswer(call, said))
    })
  })
}

/** One datagram; sent, nothing is known until somebody answers or refuses. */
function callUdp(address: string, { port, localPort }: RequestOrder): Promise<Call> {
  const began = performance.now()
  return new Promise((resolve) => {
    const socket = dgram.createSocket(isIP(address) === 6 ? 'udp6' : 'udp4')
    const end = (call: Partial<Call>, said = '') => {
      timer[Symbol.dispose]()
      socket.close()
      resolve(withAnswer({ how: 'silence', connectMs: elapsed(began), bytes: 0, ...call }, said))
    }
    const timer = systemClock.setTimeout(() => end({}), ANSWER_MS)
    socket.once('error', (err: NodeJS.ErrnoException) => end({ how: codeOf(err) }))
    socket.once('message', (message) =>
      end({ how: 'connected', from: socket.address().address, bytes: message.length }, message.toString('latin1')),
    )
    socket.bind(localPort, () => {
      // Connected, so that a refusal is heard.
      socket.connect(port, address, () => socket.send('podium-trace\n'))
    })
  })
}

function withAnswer(call: Call, said: string): Call {
  const first = said.split(/\r?\n/, 1)[0]?.replace(/[^\x20-\x7e]/g, '.') ?? ''
  return first === '' ? call : { ...call, answer: first }
}

const codeOf = ({ code, message }: NodeJS.ErrnoException) => (code === 'ETIMEDOUT' ? 'silence' : (code ?? message))
const elapsed = (began: number) => Math.round((performance.now() - began) * 10) / 10
