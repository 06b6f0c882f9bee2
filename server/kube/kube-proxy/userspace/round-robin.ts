// Whose turn it is among the endpoints of a Service's port: one after another, and a client that is remembered goes to who
// had it last. Upstream, until 1.25: pkg/proxy/userspace/roundrobin.go.

import type { Clock } from '../../../base/clock.ts'
import type { Endpoint } from '../choose-endpoints.ts'

export class RoundRobin {
  readonly #clock: Clock
  readonly #random: () => number
  #endpoints: readonly Endpoint[] = []
  #rememberMs = 0
  #next = 0
  readonly #clients = new Map<string, { endpoint: Endpoint; lastUsed: number }>()

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock
    this.#random = random
  }

  update(endpoints: readonly Endpoint[], affinitySeconds: number): void {
    this.#rememberMs = affinitySeconds * 1000
    const names = (all: readonly Endpoint[]) => all.map(nameOf).sort().join()
    if (names(endpoints) !== names(this.#endpoints)) {
      // Nodes that hear of them in one order would all begin with the same.
      this.#endpoints = shuffled(endpoints, this.#random)
      this.#next = 0
    }
    const here = new Set(endpoints.map(nameOf))
    for (const [client, { endpoint, lastUsed }] of this.#clients) {
      if (!here.has(nameOf(endpoint)) || this.#isOver(lastUsed)) this.#clients.delete(client)
    }
  }

  /** Undefined when there is none. Whoever says `isRetry` did not reach the one that it was given. */
  next(client: string, { isRetry = false } = {}): Endpoint | undefined {
    const known = this.#clients.get(client)
    if (known && !isRetry && !this.#isOver(known.lastUsed)) {
      known.lastUsed = this.#clock.now()
      return known.endpoint
    }
    const endpoint = this.#endpoints[this.#next]
    if (!endpoint) return undefined
    this.#next = (this.#next + 1) % this.#endpoints.length
    if (this.#rememberMs > 0) this.#clients.set(client, { endpoint, lastUsed: this.#clock.now() })
    return endpoint
  }

  #isOver(lastUsed: number): boolean {
    return this.#clock.now() - lastUsed >= this.#rememberMs
  }
}

const nameOf = ({ ip, port }: Endpoint) => `${ip} ${port}`

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const result = [...list]
  for (let at = result.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1))
    ;[result[at], result[other]] = [result[other]!, result[at]!]
  }
  return result
}
