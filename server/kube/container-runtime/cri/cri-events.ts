// What has changed since the last look. Runtimes of version 1.7 and later tell of it by themselves; Debian's containerd
// is asked each second, as the kubelet has always done. Upstream: pkg/kubelet/pleg/generic.go.

import type { Clock } from '../../../base/clock.ts'
import type { Logger } from '../../../base/logger.ts'
import type { ContainerStatus, RuntimeEvent } from '../container-runtime.ts'

export interface Seen {
  id: string
  sandboxId: string
  podUid: string
  state: ContainerStatus['state']
}

const LOOK_MS = 1_000

export class CriEvents implements Disposable {
  readonly #options: { look(): Promise<Seen[]>; clock: Clock; logger: Logger }
  readonly #listeners = new Set<(event: RuntimeEvent) => void>()
  readonly #stop = new AbortController()
  #known = new Map<string, Seen>()
  #running = false

  constructor(options: { look(): Promise<Seen[]>; clock: Clock; logger: Logger }) {
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
    const { look, clock, logger } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      await look().then(
        (all) => this.#compare(all),
        (err: unknown) => logger.warn('the runtime was not looked through, will be tried again', { err }),
      )
      await clock.sleep(LOOK_MS, signal).catch(() => undefined)
    }
  }

  #compare(all: Seen[]): void {
    const now = new Map(all.map((one) => [one.id, one]))
    for (const [id, before] of this.#known) if (!now.has(id)) this.#emit('removed', before)
    for (const [id, one] of now) {
      // What is quick was made at one look and has ended at the next.
      if (this.#known.get(id)?.state === one.state || one.state === 'created') continue
      this.#emit(one.state === 'running' ? 'started' : 'exited', one)
    }
    this.#known = now
  }

  #emit(type: RuntimeEvent['type'], { id, sandboxId, podUid }: Seen): void {
    for (const listener of this.#listeners) listener({ type, containerId: id, sandboxId, podUid })
  }
}
