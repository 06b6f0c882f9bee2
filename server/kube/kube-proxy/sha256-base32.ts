// The beginning of a text's SHA-256 in base 32: what makes names of chains short, and still one of a kind.

import { createHash } from 'node:crypto'

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

export function sha256Base32(text: string, length: number): string {
  const digest = createHash('sha256').update(text).digest()
  let bits = 0
  let value = 0
  let result = ''
  for (const byte of digest) {
    value = (value << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      result += LETTERS[(value >>> bits) & 31]
      if (result.length === length) return result
    }
    value &= (1 << bits) - 1
  }
  return result
}
