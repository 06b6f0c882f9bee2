// Keys for service accounts of clusters to come. Finding two primes takes a tenth of a second, and now and then a whole
// one, which would be most of what a new cluster takes; so they are looked for while nobody waits.

import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'

/** So many at once, when as many clusters have been made: a process with one cluster will hardly get another. */
const MOST = 3

export class ServiceAccountKeys {
  readonly #make: () => Promise<string>
  readonly #spare: string[] = []
  #taken = 0
  #isMaking = false

  constructor(make = makeServiceAccountKey) {
    this.#make = make
  }

  async take(): Promise<string> {
    this.#taken++
    const key = this.#spare.shift() ?? (await this.#make())
    void this.#makeMore()
    return key
  }

  /** Where one cannot be made, whoever takes the next one hears of it. */
  async #makeMore(): Promise<void> {
    if (this.#isMaking) return
    this.#isMaking = true
    try {
      while (this.#spare.length < Math.min(MOST, this.#taken)) this.#spare.push(await this.#make())
    } catch {
      // Nobody waits for it.
    } finally {
      this.#isMaking = false
    }
  }
}

/** RSA, because tokens are signed RS256; PEM. */
export async function makeServiceAccountKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}
