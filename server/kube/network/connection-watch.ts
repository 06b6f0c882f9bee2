// The connections of this machine, as its kernel tracks them, for whoever listens. conntrack runs only while somebody
// does. What the kernel had to drop is told and not hidden.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { RunningCommand } from '../node-os/node-os.ts'
import type { ConnectionListener, ConnectionNews } from './connection-news.ts'
import { parseConntrackLine } from './conntrack-line.ts'
import { HeardCommand } from './heard-command.ts'

/** Only what begins and what ends: with every packet's change of state the kernel's buffer overflows first. */
const ARGS = ['-E', '-e', 'NEW,DESTROY', '-o', 'timestamp,id', '-b', '8388608']

export interface ConnectionWatchOptions {
  run: (command: string, args: string[]) => RunningCommand
  clock: Clock
  logger: Logger
}

export class ConnectionWatch implements Disposable {
  readonly #logger: Logger
  readonly #command: HeardCommand
  readonly #listeners = new Set<ConnectionListener>()
  #isListening = false

  constructor({ run, clock, logger }: ConnectionWatchOptions) {
    this.#logger = logger
    this.#command = new HeardCommand({
      ...{ line: ['conntrack', ...ARGS], run, clock, logger },
      hear: (line) => {
        const event = parseConntrackLine(line)
        if (event) this.#tell(event)
      },
      hearWord: (line) => this.#hearWord(line),
      ended: (how) => {
        this.#isListening = false
        this.#tell({ type: 'lost', why: `conntrack ended (${how}) and is started again` })
      },
    })
  }

  listen(listener: ConnectionListener): Disposable {
    this.#listeners.add(listener)
    if (this.#isListening) listener({ type: 'listening' })
    else this.#command.start()
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(listener)
        if (this.#listeners.size === 0) this.#stop()
      },
    }
  }

  [Symbol.dispose](): void {
    this.#listeners.clear()
    this.#stop()
  }

  /** conntrack says the size of its buffer once it listens, and ENOBUFS when the kernel had to drop events. */
  #hearWord(line: string): void {
    if (line.includes('buffer size has been set')) {
      this.#isListening = true
      this.#command.works()
      this.#tell({ type: 'listening' })
    } else if (line.includes('ENOBUFS')) {
      this.#tell({ type: 'lost', why: 'the kernel had more to tell than its buffer holds' })
    } else this.#logger.debug('conntrack says', { line })
  }

  #stop(): void {
    this.#command[Symbol.dispose]()
    this.#isListening = false
  }

  #tell(news: ConnectionNews): void {
    for (const listener of this.#listeners) listener(news)
  }
}
