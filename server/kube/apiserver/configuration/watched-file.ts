// A configuration file that is read again while the server runs: when its directory tells of a change, and each minute in
// case it does not. What cannot be read changes nothing: what was good before goes on. Upstream:
// apiserver/pkg/server/options/{authenticationconfig,authorizationconfig}, kubernetes/pkg/kubeapiserver/authorizer/reload.go.

import { createHash } from 'node:crypto'
import { type FSWatcher, watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import type { Clock } from '../../../base/clock.ts'
import type { Logger } from '../../../base/logger.ts'
import type { Metrics } from '../../../base/metrics.ts'

export interface ConfigurationFile<T> {
  path: string
  /** As it was when the server started. */
  source: string
  /** Throws in words for whoever wrote it. */
  read(source: string): T
}

export interface WatchedFileOptions<T> {
  file: ConfigurationFile<T>
  /** `authentication` or `authorization`: what metrics and log call it. */
  name: string
  /** May throw: then what was there before goes on. */
  apply(configuration: T): void
  clock: Clock
  logger: Logger
  metrics: Metrics
}

const AGAIN_MS = 60_000

export class WatchedFile<T> implements Disposable {
  readonly #options: WatchedFileOptions<T>
  readonly #watcher: FSWatcher | undefined
  /** Looked at last, whether it was good or not. */
  #seen: string
  #inForce: string
  #looking: Promise<void> = Promise.resolve()
  #timer: Disposable | undefined
  #isClosed = false
  readonly #lastReload = new Map<string, number>()

  constructor(options: WatchedFileOptions<T>) {
    this.#options = options
    this.#seen = options.file.source
    this.#inForce = options.file.source
    this.#describe()
    this.#watcher = this.#watch()
    this.#again()
  }

  /** Resolves when what is in the file now has been looked at. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look())
    return this.#looking
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    this.#watcher?.close()
    this.#timer?.[Symbol.dispose]()
  }

  /** The directory, since a file is often replaced by another of its name. */
  #watch(): FSWatcher | undefined {
    const { file, name, logger } = this.#options
    try {
      const watcher = watch(dirname(file.path), { persistent: false }, () => void this.look())
      watcher.on('error', (err) =>
        logger.warn('changes of a configuration file are not told', { file: file.path, err }),
      )
      return watcher
    } catch (err) {
      logger.warn(`changes of the ${name} configuration are noticed once a minute`, { file: file.path, err })
      return undefined
    }
  }

  #again(): void {
    this.#timer = this.#options.clock.setTimeout(() => {
      void this.look()
      this.#again()
    }, AGAIN_MS)
  }

  async #look(): Promise<void> {
    const { file, name, apply, clock, logger, metrics } = this.#options
    if (this.#isClosed) return
    let status = 'failure'
    try {
      const source = await readFile(file.path, 'utf8')
      if (source === this.#seen || this.#isClosed) return
      this.#seen = source
      apply(file.read(source))
      this.#inForce = source
      status = 'success'
      logger.info(`reloaded the ${name} configuration`, { file: file.path })
    } catch (err) {
      logger.error(`failed to reload the ${name} configuration; the last good one stays`, { file: file.path, err })
    }
    metrics
      .counter(`${this.#prefix}_automatic_reloads_total`, `Automatic reloads of ${name} configuration.`)
      .add({ ...this.#id, status })
    this.#lastReload.set(status, clock.now() / 1000)
  }

  #describe(): void {
    const { name, metrics } = this.#options
    metrics.gauge(`${this.#prefix}_last_config_info`, `The ${name} configuration in force, by its hash.`, () => [
      [{ ...this.#id, hash: hashOf(this.#inForce) }, 1],
    ])
    metrics.gauge(
      `${this.#prefix}_automatic_reload_last_timestamp_seconds`,
      `When ${name} configuration was last reloaded, or could not be.`,
      () => [...this.#lastReload].map(([status, at]) => [{ ...this.#id, status }, at] as const),
    )
  }

  get #prefix(): string {
    return `apiserver_${this.#options.name}_config_controller`
  }

  get #id() {
    return { apiserver_id_hash: hashOf(hostname()) }
  }
}

const hashOf = (value: string) => `sha256:${createHash('sha256').update(value).digest('hex')}`
