// Cuts a large IPv4 range into equal parts, numbered from 0. Pure arithmetic.
//
//   10.244.0.0/16 in /24:   0 → 10.244.0.0/24   1 → 10.244.1.0/24  …  255 → 10.244.255.0/24
//
// Upstream: kubernetes/pkg/controller/nodeipam/ipam/cidrset/cidr_set.go.

export class CidrRange {
  readonly size: number
  readonly #base: number
  readonly #partBits: number

  constructor(cidr: string, partBits: number) {
    const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr)
    const [, ...numbers] = match?.map(Number) ?? []
    const [a = 0, b = 0, c = 0, d = 0, bits = 0] = numbers
    if (!match || [a, b, c, d].some((byte) => byte > 255) || bits > partBits || partBits > 32) {
      throw new Error(`cannot cut "${cidr}" into parts of /${partBits}`)
    }
    const address = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d
    this.#base = address - (address % 2 ** (32 - bits))
    this.#partBits = partBits
    this.size = 2 ** (partBits - bits)
  }

  at(index: number): string {
    const address = this.#base + index * 2 ** (32 - this.#partBits)
    const bytes = [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256)
    return `${bytes.join('.')}/${this.#partBits}`
  }

  /** The first part from that number on, and round again, that is not taken; undefined when all are. */
  firstFree(isTaken: (part: string) => boolean, from = 0): number | undefined {
    for (let step = 0; step < this.size; step++) {
      const index = (from + step) % this.size
      if (!isTaken(this.at(index))) return index
    }
    return undefined
  }
}
