// Cuts a large range of addresses into equal parts, numbered from 0. Pure arithmetic.
//
//   10.244.0.0/16 in /24:     0 → 10.244.0.0/24      1 → 10.244.1.0/24  …  255 → 10.244.255.0/24
//   fd00:10:244::/56 in /64:  0 → fd00:10:244::/64   1 → fd00:10:244:1::/64  …
//
// Upstream: kubernetes/pkg/controller/nodeipam/ipam/cidrset/cidr_set.go.

import { addressOf, type Cidr, numberOf, parseCidr } from '../../apimachinery/ip-rules.ts'

export class CidrRange {
  readonly size: number
  readonly #family: Cidr['family']
  readonly #base: bigint
  readonly #partBits: number
  /** Addresses of one part. */
  readonly #step: bigint

  constructor(text: string, partBits: number) {
    const cidr = parseCidr(text)
    const length = cidr?.family === 'ipv6' ? 128 : 32
    if (!cidr || cidr.bits > partBits || partBits > length) {
      throw new Error(`cannot cut "${text}" into parts of /${partBits}`)
    }
    const beyond = BigInt(length - cidr.bits)
    this.#family = cidr.family
    this.#base = (numberOf(cidr.address) >> beyond) << beyond
    this.#partBits = partBits
    this.#step = 1n << BigInt(length - partBits)
    this.size = 2 ** (partBits - cidr.bits)
  }

  at(index: number): string {
    return `${addressOf(this.#family, this.#base + BigInt(index) * this.#step)}/${this.#partBits}`
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
