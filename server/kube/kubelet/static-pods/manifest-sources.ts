// Where static pods come from: a folder of the machine, looked at when something in it changes and once in a while, and an
// address, asked once in a while. What cannot be read says nothing: its pods stay as they are.
// Upstream: pkg/kubelet/config/file_linux.go, http.go.

import type { Pod } from 'kubernetes-types/core/v1'
import type { Clock } from '../../../base/clock.ts'
import type { Logger } from '../../../base/logger.ts'
import type { NodeOs } from '../../node-os/node-os.ts'
import { durationOf, type KubeletConfiguration } from '../kubelet-configuration.ts'
import { podsOf } from './manifest.ts'

export interface ManifestSourcesOptions {
  configuration: KubeletConfiguration
  nodeName: string
  os: NodeOs
  clock: Clock
  logger: Logger
  /** All that the sources name now. */
  onPods(pods: Pod[]): void
}

const MOST_BYTES = 10 * 2 ** 20

export class ManifestSources {
  readonly #options: ManifestSourcesOptions
  /** By file, or by address: the text, and what it was understood as. */
  readonly #read = new Map<string, { text: string; pods: Pod[] }>()

  constructor(options: ManifestSourcesOptions) {
    this.#options = options
  }

  /** Resolves when every source has answered once; goes on until aborted. */
  async start(signal: AbortSignal): Promise<void> {
    const { staticPodPath, staticPodURL, fileCheckFrequency, httpCheckFrequency } = this.#options.configuration
    const firsts: Promise<void>[] = []
    if (staticPodPath) {
      const poll = this.#poll(() => this.#readFolder(staticPodPath), durationOf(fileCheckFrequency), signal)
      const watch = this.#options.os.watchDirectory(staticPodPath, poll.now)
      signal.addEventListener('abort', () => watch[Symbol.dispose](), { once: true })
      firsts.push(poll.first)
    }
    if (staticPodURL) {
      firsts.push(this.#poll(() => this.#ask(staticPodURL), durationOf(httpCheckFrequency), signal).first)
    }
    await Promise.all(firsts)
  }

  /** One look after the other, each `everyMs` after the last or when somebody says so. */
  #poll(look: () => Promise<void>, everyMs: number, signal: AbortSignal) {
    const { clock, logger } = this.#options
    const first = Promise.withResolvers<void>()
    let wake: (() => void) | undefined
    let isDirty = true
    const now = () => {
      isDirty = true
      wake?.()
    }
    const run = async () => {
      while (!signal.aborted) {
        isDirty = false
        await look().then(first.resolve, (err: unknown) => logger.warn('static pods could not be read', { err }))
        if (isDirty) continue
        const woken = new AbortController()
        wake = () => woken.abort()
        await clock.sleep(everyMs, AbortSignal.any([signal, woken.signal])).catch(() => undefined)
      }
      first.resolve()
    }
    void run()
    return { first: first.promise, now }
  }

  async #readFolder(folder: string): Promise<void> {
    const { os, logger } = this.#options
    const seen = new Set<string>()
    for (const name of (await os.list(folder)).sort()) {
      const path = `${folder}/${name}`
      if (name.startsWith('.') || (await os.kindOf(path)) !== 'file') continue
      const text = await os.readFile(path)
      if (text === undefined) continue
      seen.add(path)
      if (text === this.#read.get(path)?.text) continue
      const pods = this.#understand(text, 'file', path)
      this.#read.set(path, { text, pods })
      logger.info('read static pods', { path, pods: pods.length })
    }
    for (const path of this.#read.keys()) if (path.startsWith('/') && !seen.has(path)) this.#read.delete(path)
    this.#tell()
  }

  async #ask(address: string): Promise<void> {
    const { os, configuration, logger } = this.#options
    const url = new URL(address)
    const isSecure = url.protocol === 'https:'
    const { status, body } = await os.httpGet({
      scheme: isSecure ? 'HTTPS' : 'HTTP',
      host: url.hostname,
      port: Number(url.port) || (isSecure ? 443 : 80),
      path: `${url.pathname}${url.search}`,
      headers: Object.entries(configuration.staticPodURLHeader).flatMap(([name, values]) =>
        values.map((value) => ({ name, value })),
      ),
      timeoutMs: 10_000,
      maxBodyBytes: MOST_BYTES,
    })
    if (status !== 200) throw new Error(`${address}: ${status}`)
    if (body === '') throw new Error(`zero-length data received from ${address}`)
    if (body !== this.#read.get(address)?.text) {
      const pods = this.#understand(body, 'http', address)
      this.#read.set(address, { text: body, pods })
      logger.info('read static pods', { address, pods: pods.length })
    }
    this.#tell()
  }

  #understand(text: string, source: 'file' | 'http', from: string): Pod[] {
    const { nodeName, clock, logger } = this.#options
    try {
      return podsOf(text, { source, from, nodeName, now: clock.now() })
    } catch (err) {
      logger.error('Could not process manifest file', { path: from, err })
      return []
    }
  }

  #tell(): void {
    this.#options.onPods([...this.#read.values()].flatMap(({ pods }) => pods))
  }
}
