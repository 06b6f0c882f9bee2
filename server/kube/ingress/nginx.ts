// nginx as a process: started with the first configuration, told to read the next ones. A configuration that nginx would
// not take changes nothing, and connections outlive a change.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CERTIFICATES, type NginxFiles } from './nginx-config.ts'

const CONFIG = '/etc/nginx/nginx.conf'
const NEXT = `${CONFIG}.next`

export class Nginx {
  #process: ChildProcess | undefined
  #running = ''
  readonly #onEnd: (code: number | null) => void

  /** `onEnd` is called when nginx ends by itself. */
  constructor(onEnd: (code: number | null) => void) {
    this.#onEnd = onEnd
  }

  /** Says whether anything is different now; rejects with nginx's own words where it does not take it. */
  async use(files: NginxFiles): Promise<boolean> {
    const wanted = JSON.stringify([files.config, ...files.certificates])
    if (wanted === this.#running) return false
    await mkdir(CERTIFICATES, { recursive: true, mode: 0o700 })
    for (const [path, pem] of files.certificates) await replace(path, pem)
    await writeFile(NEXT, files.config)
    const problem = await problemWith(NEXT)
    if (problem) {
      await rm(NEXT)
      throw new Error(`nginx does not take the configuration: ${problem}`)
    }
    await mkdir(dirname(CONFIG), { recursive: true })
    await rename(NEXT, CONFIG)
    if (this.#process) this.#process.kill('SIGHUP')
    else this.#start()
    this.#running = wanted
    return true
  }

  #start(): void {
    this.#process = spawn('nginx', ['-g', 'daemon off;'], { stdio: 'inherit' })
    this.#process.on('exit', this.#onEnd)
  }

  /** What is under way is answered first. */
  stop(): void {
    this.#process?.kill('SIGQUIT')
  }
}

/** In nginx's words; empty where there is none. It opens its logs to see whether it can, so they have to be the real ones. */
async function problemWith(config: string): Promise<string> {
  const test = spawn('nginx', ['-t', '-q', '-c', config], { stdio: ['ignore', 'inherit', 'pipe'] })
  let words = ''
  test.stderr.on('data', (chunk) => (words += chunk))
  const [code] = await once(test, 'close')
  return code === 0 ? '' : words.trim() || `it ended with ${code}`
}

async function replace(path: string, content: string): Promise<void> {
  await writeFile(`${path}.next`, content, { mode: 0o600 })
  await rename(`${path}.next`, path)
}
