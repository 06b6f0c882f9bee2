// Calls that a rule of this machine's kernel stops before they become connections, for whoever listens: who called whom, and
// the rule in the words of its own tool. Nothing of it is in the kernel while nobody does. What is told is what the rule saw:
// behind kube-proxy's rules a Service's address is that of the chosen endpoint already.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import type { ConnectionListener } from './connection-news.ts'
import { HeardCommand } from './heard-command.ts'
import { MOST_TOLD, type StopRanges, stopRemoval, stopScript } from './stop-table.ts'
import { rulesOf } from './trace/kernel-words.ts'
import { parseTraceLine, type TracedPacket, type TraceLine } from './trace/trace-line.ts'

export interface StopWatchOptions {
  os: Pick<NodeOs, 'run' | 'start'>
  clock: Clock
  logger: Logger
  /** One of each family. */
  ranges: readonly StopRanges[]
  /** Of what network policies drop. */
  tellOfDrops: (perSecond: number) => void
}

/** Packets that are on their way through the rules at the same time. */
const MOST_PACKETS = 500
const MOST_WORDS = 2_000
/** A packet, or what stopped it; most lines are neither. */
const LINE = /^trace id ([0-9a-f]+) (?:\S+ \S+ \S+ (packet: )|.*( policy drop|\(verdict drop\))\s*$)/

export class StopWatch implements AsyncDisposable {
  readonly #options: StopWatchOptions
  readonly #command: HeardCommand
  readonly #listeners = new Set<ConnectionListener>()
  /** As they were told last: few are asked for what they say. */
  readonly #packets = new Map<string, string>()
  /** By table, chain and handle: the kernel gives no number twice. */
  readonly #words = new Map<string, Promise<string>>()
  /** One change of the kernel's rules after the other. */
  #work: Promise<void>
  #second = { begun: 0, told: 0 }

  constructor(options: StopWatchOptions) {
    this.#options = options
    const { os, clock, logger } = options
    this.#command = new HeardCommand({
      ...{ line: ['nft', '-a', 'monitor', 'trace'], run: os.start, clock, logger },
      hear: (line) => this.#hear(line),
      hearWord: (line) => logger.debug('nft says', { line }),
      ended: (how) => this.#tell({ type: 'lost', why: `nft ended (${how}) and is started again` }),
    })
    this.#work = this.#write(stopRemoval)
  }

  listen(listener: ConnectionListener): Disposable {
    this.#listeners.add(listener)
    if (this.#listeners.size === 1) this.#start()
    return {
      [Symbol.dispose]: () => {
        if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#stop()
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#listeners.size > 0) this.#stop()
    this.#listeners.clear()
    await this.#work
  }

  #start(): void {
    const { ranges, tellOfDrops } = this.#options
    this.#command.start()
    this.#work = this.#work.then(() => this.#write(stopScript(ranges)))
    tellOfDrops(MOST_TOLD)
  }

  #stop(): void {
    this.#command[Symbol.dispose]()
    this.#work = this.#work.then(() => this.#write(stopRemoval))
    this.#options.tellOfDrops(0)
    this.#packets.clear()
    this.#words.clear()
  }

  async #write(input: string): Promise<void> {
    const { os, logger } = this.#options
    const problem = await os.run('nft', ['-f', '-'], { input }).then(
      ({ exitCode, stderr }) => (exitCode === 0 ? '' : stderr.trim()),
      (err: unknown) => String(err),
    )
    if (problem === '') return
    logger.warn('the kernel did not take what is asked of stopped calls', { problem })
    if (input !== stopRemoval)
      this.#tell({ type: 'lost', why: `calls that a rule stops are not told: ${problem.slice(0, 200)}` })
  }

  #hear(text: string): void {
    this.#command.works()
    const [, id, isPacket, isStop] = LINE.exec(text) ?? []
    if (id && isPacket) {
      this.#packets.set(id, text)
      const [oldest = ''] = this.#packets.keys()
      if (this.#packets.size > MOST_PACKETS) this.#packets.delete(oldest)
    } else if (id && isStop) {
      const line = parseTraceLine(text)
      const before = parseTraceLine(this.#packets.get(id) ?? '')
      if (!line || line.type === 'packet' || before?.type !== 'packet') return
      this.#packets.delete(id)
      this.#count()
      void this.#say(line, before.packet)
    }
  }

  async #say(line: Exclude<TraceLine, { type: 'packet' }>, packet: TracedPacket): Promise<void> {
    const at = this.#options.clock.now()
    const { from, to, fromPort, toPort, protocol } = packet
    const rule = line.type === 'rule' ? await this.#wordsOf(line) : `policy ${line.verdict}`
    const how = /\breject\b/i.test(rule) ? 'refused' : 'dropped'
    const where = { table: `${line.family} ${line.table}`, chain: line.chain, rule }
    this.#tell({ type: 'stopped', at, how, protocol, from, fromPort, to, toPort, ...where })
  }

  #wordsOf(line: TraceLine & { type: 'rule' }): Promise<string> {
    const { family, table, chain, handle, text } = line
    const key = `${family} ${table} ${chain} ${handle}`
    const known = this.#words.get(key)
    if (known) return known
    const asked = rulesOf(this.#options.os, { family, table, chain }).then(
      (rules) => rules.get(handle) ?? text,
      () => text,
    )
    this.#words.set(key, asked)
    const [oldest = ''] = this.#words.keys()
    if (this.#words.size > MOST_WORDS) this.#words.delete(oldest)
    return asked
  }

  /** Where as many are told as may be in a second, there were more perhaps. */
  #count(): void {
    const now = this.#options.clock.now()
    if (now - this.#second.begun >= 1000) this.#second = { begun: now, told: 0 }
    if (++this.#second.told !== MOST_TOLD) return
    this.#tell({ type: 'lost', why: `calls were stopped faster than ${MOST_TOLD} in a second; the rest is not told` })
  }

  #tell(news: Parameters<ConnectionListener>[0]): void {
    for (const listener of this.#listeners) listener(news)
  }
}
