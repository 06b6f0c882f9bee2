// A range of addresses to give out from, of either family. Upstream: kubernetes/pkg/registry/core/service/ipallocator.

import { randomInt } from 'node:crypto'
import { isIP } from 'node:net'
import { addressOf, type Cidr, numberOf, parseCidr } from '../../apimachinery/ip-rules.ts'

const TRIES = 64
/** Of a larger range only so many addresses are given out by chance, as upstream. */
const MOST = 2n ** 32n

export type IpFamily = 'IPv4' | 'IPv6'

export const familyOf = (address: string): IpFamily => (isIP(address) === 6 ? 'IPv6' : 'IPv4')

export class IpRange {
  readonly family: IpFamily
  readonly #kind: Cidr['family']
  readonly #base: bigint
  readonly #size: bigint

  constructor(text: string) {
    const cidr = parseCidr(text)
    if (!cidr || !IpRange.isRange(text)) throw new Error(`${text} is not a range that addresses can be given out from`)
    this.#kind = cidr.family
    this.family = cidr.family === 'ipv4' ? 'IPv4' : 'IPv6'
    this.#size = 2n ** BigInt((cidr.family === 'ipv4' ? 32 : 128) - cidr.bits)
    this.#base = (numberOf(cidr.address) / this.#size) * this.#size
  }

  /** Of a size that it makes sense to give out from. */
  static isRange(text: string): boolean {
    const cidr = parseCidr(text)
    if (!cidr) return false
    return cidr.family === 'ipv4' ? cidr.bits >= 8 && cidr.bits <= 30 : cidr.bits >= 64 && cidr.bits <= 126
  }

  /** The first address, which the API server itself takes. */
  get first(): string {
    return this.#at(1n)
  }

  contains(address: string): boolean {
    if (familyOf(address) !== this.family) return false
    const offset = numberOf(address) - this.#base
    return offset > 0n && offset <= this.#last
  }

  /** Random, above the part that is left to those who ask for a certain address. Undefined when all are taken. */
  pickFree(isTaken: (address: string) => boolean): string | undefined {
    const end = Number(this.#last < MOST ? this.#last : MOST)
    const reserved = Math.min(Math.max(16, Math.floor((end + 1) / 16)), 256)
    const lowest = reserved < end ? reserved : 1
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const address = this.#at(BigInt(randomInt(lowest, end + 1)))
      if (!isTaken(address)) return address
    }
    for (let offset = end; offset > 0; offset--) {
      const address = this.#at(BigInt(offset))
      if (!isTaken(address)) return address
    }
    return undefined
  }

  /** IPv4 keeps its last address for speaking to all. */
  get #last(): bigint {
    return this.#size - (this.family === 'IPv4' ? 2n : 1n)
  }

  #at(offset: bigint): string {
    return addressOf(this.#kind, this.#base + offset)
  }
}
