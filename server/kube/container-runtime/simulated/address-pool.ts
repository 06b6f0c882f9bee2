// Hands out the addresses of a node's pod CIDR, as host-local does: the first is the bridge's, and an address given
// back is not the next one taken, so that a stale connection does not meet a new pod.

import { addressOf, type Cidr, numberOf, parseCidr } from '../../apimachinery/ip-rules.ts'

/** Of a range of IPv6 no more is needed. */
const MOST = 2 ** 16

export class AddressPool {
  readonly #family: Cidr['family']
  readonly #base: bigint
  /** The last address of IPv4 is the broadcast one. */
  readonly #end: number
  readonly #taken = new Set<string>()
  #next = 2

  constructor(text: string) {
    const cidr = parseCidr(text)
    if (!cidr) throw new Error(`not a CIDR: ${text}`)
    const { family, address, bits } = cidr
    const size = Math.min(MOST, 2 ** ((family === 'ipv4' ? 32 : 128) - bits))
    this.#family = family
    this.#base = numberOf(address)
    this.#end = family === 'ipv4' ? size - 1 : size
  }

  take(): string | undefined {
    for (let tries = 0; tries < this.#end; tries++) {
      const address = addressOf(this.#family, this.#base + BigInt(this.#next))
      this.#next = this.#next + 1 >= this.#end ? 2 : this.#next + 1
      if (this.#taken.has(address)) continue
      this.#taken.add(address)
      return address
    }
    return undefined
  }

  give(address: string): void {
    this.#taken.delete(address)
  }
}
