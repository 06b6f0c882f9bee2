// A command of this machine that tells what its kernel sees, and runs only while somebody listens; one process serves all
// listeners. When it ends by itself it is started again, later each time.

import { Backoff } from '../../base/backoff.ts'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { RunningCommand } from '../node-os/node-os.ts'
import { eachLine } from './each-line.ts'

export interface HeardCommandOptions {
  line: readonly [command: string, ...args: string[]]
  run: (command: string, args: string[]) => RunningCommand
  clock: Clock
  logger: Logger
  hear(line: string): void
  /** What it says about itself. */
  hearWord(line: string): void
  ended(how: string): void
}

export class HeardCommand implements Disposable {
  readonly #options: HeardCommandOptions
  readonly #backoff = new Backoff({ initialMs: 200, maxMs: 10_000 })
  #running: RunningCommand | undefined
  #again: Disposable | undefined

  constructor(options: HeardCommandOptions) {
    this.#options = options
  }

  start(): void {
    if (!this.#running && !this.#again) this.#start()
  }

  /** It tells something: the next time that it ends is not one of a row. */
  works(): void {
    this.#backoff.reset()
  }

  [Symbol.dispose](): void {
    this.#again?.[Symbol.dispose]()
    this.#again = undefined
    this.#running?.kill()
    this.#running = undefined
    this.#backoff.reset()
  }

  #start(): void {
    const { line, run, hear, hearWord } = this.#options
    const [command, ...args] = line
    const running = run(command, args)
    this.#running = running
    const isOurs = () => this.#running === running
    eachLine(running.stdout, (text) => isOurs() && hear(text))
    eachLine(running.stderr, (text) => isOurs() && hearWord(text))
    void running.ended.then((how) => {
      if (isOurs()) this.#startAgain(how)
    })
  }

  #startAgain(how: string): void {
    const { line, clock, logger, ended } = this.#options
    const delayMs = this.#backoff.nextMs()
    logger.warn(`${line[0]} ended; it is started again`, { how, delayMs })
    this.#running = undefined
    ended(how)
    this.#again = clock.setTimeout(() => {
      this.#again = undefined
      this.#start()
    }, delayMs)
  }
}
