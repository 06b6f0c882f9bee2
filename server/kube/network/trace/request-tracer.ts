// Traces of requests on this machine, for who looks at the cluster's network: armed, then the request is made here or on
// another machine, then what the kernel told of it is collected. Nothing is left in the kernel afterwards; traces that
// nobody ended end by themselves, and those of an agent that died are taken away when the next one begins.

import type { Clock } from '../../../base/clock.ts'
import type { Logger } from '../../../base/logger.ts'
import { badRequest, StatusError } from '../../apimachinery/status-error.ts'
import type { NodeOs } from '../../node-os/node-os.ts'
import { connectionOf, type KernelWords, routeTo, wordRules } from './kernel-words.ts'
import { makeRequest, type RequestOutcome } from './make-request.ts'
import { PacketTrace, type PacketTraceOptions } from './packet-trace.ts'
import { firstPasses, type Passage, rewrittenTo } from './passages.ts'
import { collectOrder, portOf, requestOf, type Source, traceOrder } from './trace-order.ts'
import { removalScript, tablesOfTraces } from './trace-table.ts'

/** What one machine's kernel told of a request. */
export interface TraceReport extends KernelWords {
  passages: Passage[]
}

/** Whose request it is: a pod's network, or the machine's own where there is no namespace. */
export interface Caller {
  netns?: string
  /** Paths of the files that the caller's programs read. */
  resolvConf: string
  hosts: string
}

export interface RequestTracerOptions {
  os: NodeOs
  clock: Clock
  logger: Logger
  knock: PacketTraceOptions['knock']
  /** Makes a request in another network: a command and its arguments, which reads an order and prints the outcome. */
  maker: string[]
}

const LIFE_MS = 30_000
const MOST_AT_ONCE = 4
const REQUEST_MS = 20_000

export class RequestTracer implements AsyncDisposable {
  readonly #options: RequestTracerOptions
  readonly #traces = new Map<number, { trace: PacketTrace; life: Disposable }>()
  readonly #swept: Promise<void>

  constructor(options: RequestTracerOptions) {
    this.#options = options
    this.#swept = this.#sweep()
  }

  async arm(body: unknown): Promise<object> {
    const { os, clock, knock } = this.#options
    const order = traceOrder(body)
    await this.#swept
    if (this.#traces.has(order.port)) throw badRequest(`port ${order.port} is being traced already`)
    if (this.#traces.size >= MOST_AT_ONCE) {
      throw new StatusError('TooManyRequests', `${MOST_AT_ONCE} requests are being traced on this machine already`)
    }
    const trace = new PacketTrace({ order, os, clock, knock })
    const life = clock.setTimeout(() => void this.#end(order.port), LIFE_MS)
    this.#traces.set(order.port, { trace, life })
    try {
      await trace.arm()
    } catch (err) {
      await this.#end(order.port)
      throw err
    }
    return {}
  }

  async request(body: unknown, { netns, resolvConf, hosts }: Caller): Promise<RequestOutcome> {
    const { os, maker } = this.#options
    const [resolver = '', known = ''] = await Promise.all([os.readFile(resolvConf), os.readFile(hosts)])
    const order = { ...requestOf(body), resolvConf: resolver, hosts: known }
    if (!netns) return makeRequest(order)
    const [command = '', ...args] = maker
    const { exitCode, stdout, stderr } = await os.run('nsenter', [`--net=${netns}`, command, ...args], {
      input: JSON.stringify(order),
      timeoutMs: REQUEST_MS,
    })
    if (exitCode !== 0) throw new Error(`the request could not be made: ${stderr.trim().slice(-500)}`)
    return JSON.parse(stdout) as RequestOutcome
  }

  async collect(body: unknown): Promise<TraceReport> {
    const { os } = this.#options
    const { port, sources } = collectOrder(body)
    const trace = this.#traces.get(port)?.trace
    if (!trace) throw new StatusError('NotFound', `port ${port} is not being traced`)
    await trace.caughtUp()
    const isMeant = ({ packet }: Passage) =>
      sources ? sources.some((one) => isFrom(packet, one)) : trace.isOwn(packet)
    const passages = firstPasses(trace.passages.all.filter(isMeant))
    const chains = await wordRules(os, passages)
    const last = passages.at(-1)?.packet
    if (!last) return { passages, chains }
    const source = { ip: last.from, port: last.fromPort }
    const connection = await connectionOf(os, last.protocol, source)
    // What was rewritten and went no further is no connection: the rule alone knows where to.
    const own = passages.filter(({ packet }) => packet.fromPort === last.fromPort)
    const to = connection?.answered.from ?? rewrittenTo(own)?.ip ?? last.to
    const route = to === '' ? {} : await routeTo(os, { to, from: last.from, iif: last.iif })
    return { passages, chains, ...(connection ? { connection } : {}), ...route }
  }

  async end(body: unknown): Promise<object> {
    await this.#end(portOf(body))
    return {}
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#traces.keys()].map((port) => this.#end(port)))
  }

  async #end(port: number): Promise<void> {
    const found = this.#traces.get(port)
    this.#traces.delete(port)
    found?.life[Symbol.dispose]()
    await found?.trace[Symbol.asyncDispose]()
  }

  async #sweep(): Promise<void> {
    const { os, logger } = this.#options
    try {
      const { stdout } = await os.run('nft', ['list', 'tables'])
      for (const table of tablesOfTraces(stdout)) await os.run('nft', ['-f', '-'], { input: removalScript(table) })
    } catch (err) {
      logger.warn('what traces of before have left could not be taken away', { err })
    }
  }
}

const isFrom = ({ from, fromPort }: Passage['packet'], { ip, port }: Source) => from === ip && fromPort === port
