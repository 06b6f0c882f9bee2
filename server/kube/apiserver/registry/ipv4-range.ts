// A range of IPv4 addresses to give out from. Upstream: kubernetes/pkg/registry/core/service/ipallocator.

import { randomInt } from 'node:crypto'
import { isIPv4 } from 'node:net'

const TRIES = 64

export class Ipv4Range {
  readonly #base: number
  readonly #size: number

  constructor(cidr: string) {
    const [address = '', bits = ''] = cidr.split('/')
    if (!Ipv4Range.isRange(cidr)) {
      throw new Error(`${cidr} is not an IPv4 range that addresses can be given out from`)
    }
    this.#size = 2 ** (32 - Number(bits))
    this.#base = Math.floor(numberOf(address) / this.#size) * this.#size
  }

  static isRange(cidr: string): boolean {
    const [address = '', bits = ''] = cidr.split('/')
    return isIPv4(address) && /^\d+$/.test(bits) && Number(bits) <= 30 && Number(bits) >= 8
  }

  static isAddress(text: string): boolean {
    return isIPv4(text)
  }

  /** The first address, which the API server itself takes. */
  get first(): string {
    return textOf(this.#base + 1)
  }

  contains(address: string): boolean {
    const offset = numberOf(address) - this.#base
    return offset > 0 && offset < this.#size - 1
  }

  /** Random, above the part that is left to those who ask for a certain address. Undefined when all are taken. */
  pickFree(isTaken: (address: string) => boolean): string | undefined {
    const reserved = Math.min(Math.max(16, Math.floor(this.#size / 16)), 256)
    const lowest = reserved < this.#size - 1 ? reserved : 1
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const address = textOf(this.#base + randomInt(lowest, this.#size - 1))
      if (!isTaken(address)) return address
    }
    for (let offset = this.#size - 2; offset > 0; offset--) {
      const address = textOf(this.#base + offset)
      if (!isTaken(address)) return address
    }
    return undefined
  }
}

const numberOf = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
const textOf = (number: number) => [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.')
