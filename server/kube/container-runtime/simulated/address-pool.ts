// Hands out the addresses of a node's pod CIDR, as host-local does: the first is the bridge's, and an address given
// back is not the next one taken, so that a stale connection does not meet a new pod.

export class AddressPool {
  readonly #base: number
  readonly #size: number
  readonly #taken = new Set<number>()
  #next = 2

  constructor(cidr: string) {
    const [address = '', bits = '24'] = cidr.split('/')
    const octets = address.split('.').map(Number)
    if (octets.length !== 4 || octets.some((octet) => !(octet >= 0 && octet <= 255))) {
      throw new Error(`not an IPv4 CIDR: ${cidr}`)
    }
    this.#base = octets.reduce((sum, octet) => sum * 256 + octet, 0)
    this.#size = 2 ** (32 - Number(bits))
  }

  take(): string | undefined {
    for (let tries = 0; tries < this.#size; tries++) {
      const offset = this.#next
      // The last address is the broadcast one.
      this.#next = this.#next + 1 >= this.#size - 1 ? 2 : this.#next + 1
      if (offset < this.#size - 1 && !this.#taken.has(offset)) {
        this.#taken.add(offset)
        return toText(this.#base + offset)
      }
    }
    return undefined
  }

  give(address: string): void {
    const value = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
    this.#taken.delete(value - this.#base)
  }
}

function toText(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
}
