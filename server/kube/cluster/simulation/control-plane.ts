// The machine of a simulated API server: its disk, its store and the server. It is stopped in order, or loses its power in the
// middle of a write; what it has not made durable may be gone then.

import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type FakeClock, settlePromises } from '../../../base/clock.ts'
import type { TestPki } from '../../apiserver/testing/test-pki.ts'
import { startTestServer, type TestServer } from '../../apiserver/testing/test-server.ts'
import { openStore, type Store } from '../../store/store.ts'
import { PowerLossDisk, type PowerLossDiskOptions } from '../../store/testing/power-loss-disk.ts'
import type { Network } from './network.ts'

const DIRECTORY = '/simulation'
/**
 * Nobody is let in by certificate here, but they lie on the disk: keys made anew are now and then longer by a few bytes, and
 * then it is another sector that a power cut takes.
 */
const SAME_PKI: TestPki = {
  caPem: 'PEM',
  caKeyPem: 'PEM',
  issue: async () => ({ certPem: 'PEM', keyPem: 'PEM' }),
}

export class ControlPlane implements AsyncDisposable {
  readonly problems: string[] = []
  readonly #network: Network
  #disk: PowerLossDisk
  #running: { store: Store; server: TestServer } | undefined

  constructor(network: Network, flaws: PowerLossDiskOptions = {}) {
    this.#network = network
    this.#disk = new PowerLossDisk(flaws)
  }

  /** Starting and stopping takes real time (keys, sockets): so all others rest meanwhile, and the clock stands still. */
  async start(): Promise<void> {
    const { clock, dice } = this.#network
    await quiet()
    const store = await openStore({ directory: DIRECTORY, disk: this.#disk, clock, random: dice.random })
    const { newestAnswered } = this.#network
    if (store.revision < newestAnswered) {
      this.problems.push(
        `what was answered as revision ${newestAnswered} is lost: the store begins at ${store.revision}`,
      )
    }
    const server = await startTestServer({ clock, store, pki: SAME_PKI })
    await quiet()
    this.#running = { store, server }
    this.#network.hasPower = () => this.#disk.hasPower
    this.#network.server = (identity) => server.server.transportFor(identity)
  }

  async stop(): Promise<void> {
    const { server, store } = this.#running ?? {}
    this.#running = undefined
    this.#network.server = undefined
    await quiet()
    await server?.[Symbol.asyncDispose]()
    await store?.close().finally(quiet)
    this.#network.chronicle.note('the disk holds', await digestOf(this.#disk))
  }

  /** In the middle of what is being written now. */
  async losePower(clock: FakeClock): Promise<void> {
    this.#disk.losePowerAfter(this.#network.dice.below(20))
    for (let waited = 0; this.#disk.hasPower && waited < 5_000; waited += 50) await clock.advance(50)
    this.#network.powerCuts++
    await this.stop().catch(() => undefined)
    this.#disk = this.#disk.afterPowerLoss(this.#network.dice.random)
  }

  /** Whoever is behind has to begin anew. */
  async forgetHistory(): Promise<void> {
    const { store } = this.#running ?? {}
    if (store && store.revision > store.compactRevision) await store.compact(store.revision)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

async function digestOf(disk: PowerLossDisk): Promise<string> {
  const hash = createHash('sha256')
  for (const name of (await disk.list(DIRECTORY)).sort()) hash.update(name).update(disk.bytesOf(join(DIRECTORY, name)))
  return hash.digest('hex')
}

/** Until everybody waits for the clock. */
async function quiet(): Promise<void> {
  for (let round = 0; round < 20; round++) await settlePromises()
}
