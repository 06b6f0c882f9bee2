// Header fields as HTTP/2 packs them (RFC 7541). Reading knows all of it: a client that asks the same again and again
// sends a byte for each field. Writing remembers nothing, so that what we answer is the same few bytes for everybody.
//
//     1 index           a field of the tables            001 size        of the dynamic table, from here on
//     01 index, value   a new one, and remember it       000x index, value   a new one, and do not

import { decodeHuffman } from './huffman.ts'

type Field = readonly [name: string, value: string]

/** RFC 7541, appendix A; the first one is number 1. */
const STATIC: Field[] = [
  [':authority', ''],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  ...['200', '204', '206', '304', '400', '404', '500'].map((status): Field => [':status', status]),
  ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'],
  ...(
    'accept-language accept-ranges accept access-control-allow-origin age allow authorization cache-control ' +
    'content-disposition content-encoding content-language content-length content-location content-range content-type ' +
    'cookie date etag expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since ' +
    'last-modified link location max-forwards proxy-authenticate proxy-authorization range referer refresh retry-after ' +
    'server set-cookie strict-transport-security transfer-encoding user-agent vary via www-authenticate'
  )
    .split(' ')
    .map((name): Field => [name, '']),
]

/** What a client may have us remember: HTTP/2's own figure, which we leave as it is. */
const TABLE_BYTES = 4096
const FIELD_OVERHEAD_BYTES = 32
/** Of one block, unpacked: a byte may stand for a field of four thousand. */
export const MAX_HEADER_LIST_BYTES = 64 * 1024

export class HeaderDecoder {
  /** The newest last. */
  readonly #remembered: Field[] = []
  #rememberedBytes = 0
  #tableBytes = TABLE_BYTES
  #from: Buffer = Buffer.alloc(0)
  #at = 0

  /** One whole block; each must be decoded, in order. Throws a `RangeError`. Of a name that comes twice the last one counts. */
  decode(block: Buffer): Map<string, string> {
    this.#from = block
    this.#at = 0
    const fields = new Map<string, string>()
    let bytes = 0
    while (this.#at < block.length) {
      const field = this.#field(block[this.#at] as number)
      if (!field) continue
      bytes += sizeOf(field)
      if (bytes > MAX_HEADER_LIST_BYTES) throw new RangeError('too many header fields')
      fields.set(field[0], field[1])
    }
    return fields
  }

  #field(first: number): Field | undefined {
    if (first & 0x80) return this.#fieldAt(this.#integer(7))
    if (first & 0x40) {
      const field = this.#literal(6)
      this.#remember(field)
      return field
    }
    if (!(first & 0x20)) return this.#literal(4)
    const size = this.#integer(5)
    if (size > TABLE_BYTES) throw new RangeError('a table larger than agreed')
    this.#tableBytes = size
    this.#forget()
    return undefined
  }

  #literal(bits: number): Field {
    const index = this.#integer(bits)
    const name = index === 0 ? this.#string() : this.#fieldAt(index)[0]
    return [name, this.#string()]
  }

  #fieldAt(index: number): Field {
    const field = STATIC[index - 1] ?? this.#remembered[this.#remembered.length + STATIC.length - index]
    if (!field) throw new RangeError(`no field ${index}`)
    return field
  }

  #remember(field: Field): void {
    this.#remembered.push(field)
    this.#rememberedBytes += sizeOf(field)
    this.#forget()
  }

  #forget(): void {
    while (this.#rememberedBytes > this.#tableBytes) this.#rememberedBytes -= sizeOf(this.#remembered.shift()!)
  }

  #integer(bits: number): number {
    const most = (1 << bits) - 1
    let value = this.#byte() & most
    if (value < most) return value
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#byte()
      value += (byte & 0x7f) * factor
      if (value > 2 ** 31) throw new RangeError('a number is too large')
      if (byte < 0x80) return value
      if (factor > 2 ** 31) throw new RangeError('a number is too long')
    }
  }

  #string(): string {
    const isCoded = (this.#from[this.#at] as number) & 0x80
    const length = this.#integer(7)
    const start = this.#at
    this.#at += length
    if (this.#at > this.#from.length) throw new RangeError('a string is cut short')
    return isCoded
      ? decodeHuffman(this.#from.subarray(start, this.#at))
      : this.#from.toString('latin1', start, this.#at)
  }

  #byte(): number {
    const byte = this.#from[this.#at++]
    if (byte === undefined) throw new RangeError('a block is cut short')
    return byte
  }
}

function sizeOf([name, value]: Field): number {
  return name.length + value.length + FIELD_OVERHEAD_BYTES
}

export function encodeHeaders(fields: Record<string, string>): Buffer {
  const pieces = Object.entries(fields).map(([name, value]) => {
    const index = STATIC.findIndex((known) => known[0] === name && known[1] === value) + 1
    if (index > 0) return Buffer.from([0x80 | index])
    return Buffer.concat([Buffer.from([0]), encodeString(name), encodeString(value)])
  })
  return Buffer.concat(pieces)
}

function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  const length = [Math.min(bytes.length, 127)]
  let rest = bytes.length - 127
  if (rest >= 0) {
    for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) | 128)
    length.push(rest)
  }
  return Buffer.concat([Buffer.from(length), bytes])
}
