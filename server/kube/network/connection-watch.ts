// The connections of this machine, as its kernel tracks them, for whoever listens. conntrack runs only while somebody
// does; one process serves all listeners. What the kernel had to drop is told and not hidden.

import { Backoff } from '../../base/backoff.ts'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { RunningCommand } from '../node-os/node-os.ts'
import { type ConnectionEvent, parseConntrackLine } from './conntrack-line.ts'
import { eachLine } from './each-line.ts'

/** One line of what a listener hears. */
export type ConnectionNews =
  /** From here on everything is told, but for what `lost` says. */
  | { type: 'listening' }
  | ConnectionEvent
  /** Connections were not told. `count` where it is known how many. */
  | { type: 'lost'; why: string; count?: number }

type Listener = (news: ConnectionNews) => void

/** Only what begins and what ends: with every packet's change of state the kernel's buffer overflows first. */
const ARGS = ['-E', '-e', 'NEW,DESTROY', '-o', 'timestamp,id', '-b', '8388608']

export interface ConnectionWatchOptions {
  run: (command: string, args: string[]) => RunningCommand
  clock: Clock
  logger: Logger
}

export class ConnectionWatch implements Disposable {
  readonly #options: ConnectionWatchOptions
  readonly #backoff = new Backoff({ initialMs: 200, maxMs: 10_000 })
  readonly #listeners = new Set<Listener>()
  #running: RunningCommand | undefined
  #again: Disposable | undefined
  #isListening = false

  constructor(options: ConnectionWatchOptions) {
    this.#options = options
  }

  listen(listener: Listener): Disposable {
    this.#listeners.add(listener)
    if (this.#isListening) listener({ type: 'listening' })
    else if (!this.#running && !this.#again) this.#start()
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

  #start(): void {
    const running = this.#options.run('conntrack', ARGS)
    this.#running = running
    const isOurs = () => this.#running === running
    eachLine(running.stdout, (line) => {
      if (!isOurs()) return
      const event = parseConntrackLine(line)
      if (event) this.#tell(event)
    })
    eachLine(running.stderr, (line) => {
      if (isOurs()) this.#hearWord(line)
    })
    running.ended.then((how) => {
      if (isOurs()) this.#startAgain(how)
    })
  }

  /** conntrack says the size of its buffer once it listens, and ENOBUFS when the kernel had to drop events. */
  #hearWord(line: string): void {
    if (line.includes('buffer size has been set')) {
      this.#isListening = true
      this.#backoff.reset()
      this.#tell({ type: 'listening' })
    } else if (line.includes('ENOBUFS')) {
      this.#tell({ type: 'lost', why: 'the kernel had more to tell than its buffer holds' })
    } else this.#options.logger.debug('conntrack says', { line })
  }

  #startAgain(how: string): void {
    const { clock, logger } = this.#options
    const delayMs = this.#backoff.nextMs()
    logger.warn('conntrack ended; it is started again', { how, delayMs })
    this.#running = undefined
    this.#isListening = false
    this.#tell({ type: 'lost', why: `conntrack ended (${how}) and is started again` })
    this.#again = clock.setTimeout(() => {
      this.#again = undefined
      this.#start()
    }, delayMs)
  }

  #stop(): void {
    this.#again?.[Symbol.dispose]()
    this.#again = undefined
    this.#running?.kill()
    this.#running = undefined
    this.#isListening = false
    this.#backoff.reset()
  }

  #tell(news: ConnectionNews): void {
    for (const listener of this.#listeners) listener(news)
  }
}
