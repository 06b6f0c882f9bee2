// The engine's event stream, kept open. After every gap everything is listed once, so that nothing is missed.

import type { Readable } from 'node:stream'
import type Docker from 'dockerode'
import type { Clock } from '../../../base/clock.ts'
import type { Logger } from '../../../base/logger.ts'
import type { ContainerStatus, RuntimeEvent } from '../container-runtime.ts'
import { POD_UID } from '../labels.ts'
import { KIND, SANDBOX_ID } from './docker-status.ts'

const RECONNECT_MS = 1_000
const MEANING: Record<string, RuntimeEvent['type']> = { start: 'started', die: 'exited', destroy: 'removed' }

export interface DockerEventsOptions {
  docker: Docker
  clock: Clock
  logger: Logger
  /** Something happened to the container with this id, in milliseconds since 1970. */
  onChange(id: string, at: number): void
  relist(): Promise<ContainerStatus[]>
}

export class DockerEvents implements Disposable {
  readonly #options: DockerEventsOptions
  readonly #listeners = new Set<(event: RuntimeEvent) => void>()
  readonly #stop = new AbortController()
  #running = false

  constructor(options: DockerEventsOptions) {
    this.#options = options
  }

  subscribe(listener: (event: RuntimeEvent) => void): Disposable {
    this.#listeners.add(listener)
    if (!this.#running) {
      this.#running = true
      void this.#run()
    }
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  [Symbol.dispose](): void {
    this.#stop.abort(new Error('closed'))
  }

  async #run(): Promise<void> {
    const { docker, clock, logger, relist } = this.#options
    while (!this.#stop.signal.aborted) {
      try {
        const stream = (await docker.getEvents({
          filters: { type: ['container'], label: [KIND] },
          abortSignal: this.#stop.signal,
        })) as unknown as Readable
        for (const { id, sandboxId, podUid, state } of await relist()) {
          this.#emit({ type: state === 'running' ? 'started' : 'exited', containerId: id, sandboxId, podUid })
        }
        await this.#read(stream)
      } catch (err) {
        if (this.#stop.signal.aborted) return
        logger.warn('engine events broke off, will be opened again', { err })
      }
      await clock.sleep(RECONNECT_MS, this.#stop.signal).catch(() => undefined)
    }
  }

  async #read(stream: Readable): Promise<void> {
    let rest = ''
    stream.setEncoding('utf8')
    for await (const chunk of stream) {
      rest += chunk as string
      const lines = rest.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line.trim()) this.#hear(line)
    }
  }

  #hear(line: string): void {
    const {
      Action = '',
      Actor,
      timeNano = 0,
    } = JSON.parse(line) as {
      Action?: string
      timeNano?: number
      Actor?: { ID?: string; Attributes?: Record<string, string> }
    }
    const id = Actor?.ID ?? ''
    this.#options.onChange(id, timeNano / 1e6)
    const type = MEANING[Action]
    if (!type) return
    const labels = Actor?.Attributes ?? {}
    this.#emit({ type, containerId: id, sandboxId: labels[SANDBOX_ID] ?? id, podUid: labels[POD_UID] ?? '' })
  }

  #emit(event: RuntimeEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}
