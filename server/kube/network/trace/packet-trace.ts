// One armed trace on one machine: a table that marks the request's first packet, and `nft monitor trace`, which tells what
// the packet meets. nft does not say when it begins to listen, nor whether all has been told: a knock, a packet of our own
// that is marked as well, tells both when it is seen.

import type { Clock } from '../../../base/clock.ts'
import type { NodeOs, RunningCommand } from '../../node-os/node-os.ts'
import { eachLine } from '../each-line.ts'
import { Passages } from './passages.ts'
import { parseTraceLine, type TracedPacket } from './trace-line.ts'
import type { TraceOrder } from './trace-order.ts'
import { isOwnTable, removalScript, traceScript, traceTable } from './trace-table.ts'

export interface PacketTraceOptions {
  order: TraceOrder
  os: Pick<NodeOs, 'run' | 'start'>
  clock: Clock
  /** Sends a packet to a port of the loopback address; resolves with the port that it came from. */
  knock: (port: number) => Promise<number>
}

const AGAIN_MS = 100
const PATIENCE_MS = 5_000

export class PacketTrace implements AsyncDisposable {
  readonly passages = new Passages()
  readonly #options: PacketTraceOptions
  readonly #table: string
  readonly #knocks = new Set<number>()
  #heard = Promise.withResolvers<void>()
  #monitor: RunningCommand | undefined
  /** Why nothing more will be told. */
  #over = ''
  #said = ''

  constructor(options: PacketTraceOptions) {
    this.#options = options
    this.#table = traceTable(options.order.port)
  }

  /** From the client, who is on this machine: its request, or the question for its name. */
  isOwn({ protocol, from, fromPort, toPort }: TracedPacket): boolean {
    const { order } = this.#options
    if (!order.isHere || (order.from.length > 0 && !order.from.includes(from))) return false
    return (protocol === order.protocol && fromPort === order.port) || (protocol === 'udp' && toPort === 53)
  }

  /** From here on the request may be made. */
  async arm(): Promise<void> {
    const { os, order } = this.#options
    const { exitCode, stderr } = await os.run('nft', ['-f', '-'], { input: traceScript(order) })
    if (exitCode !== 0) throw new Error(`nft: ${stderr.trim()}`)
    const monitor = os.start('nft', ['-a', 'monitor', 'trace'])
    this.#monitor = monitor
    eachLine(monitor.stdout, (line) => this.#hear(line))
    eachLine(monitor.stderr, (line) => {
      this.#said = line
    })
    void monitor.ended.then((how) => {
      this.#over = this.#said || how
      this.#heard.resolve()
    })
    await this.caughtUp()
  }

  /** Everything that the kernel told until now is in `passages` then. */
  async caughtUp(): Promise<void> {
    const { clock, knock, order } = this.#options
    const until = clock.monotonic() + PATIENCE_MS
    const knocked = new Set<number>()
    while (this.#over === '' && clock.monotonic() < until) {
      const heard = this.#heard.promise
      knocked.add(await knock(order.port))
      if ([...knocked].some((from) => this.#knocks.has(from))) return
      const pause = new AbortController()
      await Promise.race([heard, clock.sleep(AGAIN_MS, pause.signal).catch(() => undefined)])
      pause.abort()
      if ([...knocked].some((from) => this.#knocks.has(from))) return
    }
    throw new Error(`nft monitor does not tell what it sees${this.#over && `: ${this.#over}`}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#monitor?.kill()
    await this.#options.os.run('nft', ['-f', '-'], { input: removalScript(this.#table) })
  }

  #isKnock({ to, toPort }: TracedPacket): boolean {
    return to === '127.0.0.1' && toPort === this.#options.order.port
  }

  #hear(text: string): void {
    const line = parseTraceLine(text)
    if (!line) return
    if (line.type !== 'packet' || !this.#isKnock(line.packet)) {
      if (!isOwnTable(line)) this.passages.add(line)
      return
    }
    this.#knocks.add(line.packet.fromPort)
    this.#heard.resolve()
    this.#heard = Promise.withResolvers()
  }
}
