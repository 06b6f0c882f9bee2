// HAProxy as a process: a master that starts new workers with each configuration and hands them the sockets, so that no call
// is lost; old ones end when their calls have. What HAProxy would not take changes nothing.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

const CONFIG = '/etc/haproxy/haproxy.cfg'
const NEXT = `${CONFIG}.next`

export class HaProxy {
  #process: ChildProcess | undefined
  #running = ''
  readonly #onEnd: (code: number | null) => void

  /** `onEnd` is called when HAProxy ends by itself. */
  constructor(onEnd: (code: number | null) => void) {
    this.#onEnd = onEnd
  }

  /** Says whether anything is different now; rejects with HAProxy's own words where it does not take it. */
  async use(config: string): Promise<boolean> {
    if (config === this.#running) return false
    await mkdir(dirname(CONFIG), { recursive: true })
    await writeFile(NEXT, config)
    const problem = await problemWith(NEXT)
    if (problem) {
      await rm(NEXT)
      throw new Error(`HAProxy does not take the configuration: ${problem}`)
    }
    await rename(NEXT, CONFIG)
    if (this.#process) this.#process.kill('SIGUSR2')
    else this.#start()
    this.#running = config
    return true
  }

  /** What is under way goes on to its end. */
  stop(): void {
    this.#process?.kill('SIGUSR1')
  }

  #start(): void {
    this.#process = spawn('haproxy', ['-W', '-db', '-f', CONFIG], { stdio: 'inherit' })
    this.#process.on('exit', this.#onEnd)
  }
}

/** In HAProxy's words; empty where there is none. */
async function problemWith(config: string): Promise<string> {
  const test = spawn('haproxy', ['-c', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  let words = ''
  test.stderr.on('data', (chunk) => (words += chunk))
  const [code] = await once(test, 'close')
  const problems = words.split('\n').filter((line) => line.startsWith('[ALERT]'))
  return code === 0 ? '' : problems.join('; ') || `it ended with ${code}`
}
