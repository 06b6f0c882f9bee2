// Debian's docker-registry as a child of the door. Its rubbish can only be collected while it stands still, so the door
// lets nobody through meanwhile.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'

const PROGRAM = 'docker-registry'
const CONFIG = '/etc/docker/registry/config.yml'
const LOOK_MS = 20
/** Somebody who sends slowly does not keep everybody else's room from being cleaned. */
const WAIT_FOR_THEM_MS = 10_000

export class DebianRegistry {
  #root: string
  #port: number
  #child: ChildProcess | undefined
  #there: Promise<void>
  #inside = new Set<symbol>()
  #collecting: Promise<void> | undefined

  constructor({ root, port }: { root: string; port: number }) {
    this.#root = root
    this.#port = port
    this.#there = this.#collectAndStart()
  }

  /** Waits until the registry is there, and keeps it there until what comes back is disposed of. */
  async enter(): Promise<Disposable> {
    for (let there = this.#there; ; there = this.#there) {
      await there
      if (there !== this.#there) continue // it has gone again meanwhile
      const mark = Symbol()
      this.#inside.add(mark)
      return { [Symbol.dispose]: () => void this.#inside.delete(mark) }
    }
  }

  /** What no image needs any more, of all. Who asks while it is being done is served by the next time. */
  async collect(): Promise<void> {
    await this.#collecting
    this.#collecting ??= this.#rest().finally(() => {
      this.#collecting = undefined
    })
    return this.#collecting
  }

  async #rest(): Promise<void> {
    const before = [...this.#inside]
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#there = promise
    const giveUpAt = Date.now() + WAIT_FOR_THEM_MS
    while (before.some((one) => this.#inside.has(one)) && Date.now() < giveUpAt) await delay(LOOK_MS)
    await this.#stop()
    await this.#collectAndStart().then(resolve, reject)
  }

  async #collectAndStart(): Promise<void> {
    if (existsSync(join(this.#root, 'docker/registry/v2/repositories'))) {
      const child = spawn(PROGRAM, ['garbage-collect', '--delete-untagged', CONFIG], {
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      await once(child, 'exit')
    }
    this.#child = spawn(PROGRAM, ['serve', CONFIG], { stdio: 'inherit' })
    // The engine starts the container again, with a registry that is there.
    this.#child.once('exit', () => process.exit(1))
    while (!(await answers(this.#port))) await delay(LOOK_MS)
  }

  async #stop(): Promise<void> {
    const child = this.#child
    if (!child) return
    child.removeAllListeners('exit')
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
}

const delay = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
