// Protocol Buffers, as much of them as the messages of etcd and of storage drivers need: a message is a table of fields, and from the table come
// its TypeScript type, its bytes and (in json-gateway.ts) its JSON.
//
//     field on the wire:   tag varint = number << 3 | kind      0 varint    2 length and bytes
//     proto3:              a scalar that is zero or empty is not written, and reads as zero or empty
//
// Integers are JavaScript numbers: revisions and sizes stay below 2^53. Ids that others choose (of leases) may be any of 64
// bits, and are big integers: `long`.

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5

type Scalar = 'bytes' | 'string' | 'int' | 'long' | 'bool'

export interface Field {
  number: number
  type: Scalar | (() => MessageType<object>)
  repeated: boolean
  /** Names of an enum's numbers, for JSON. */
  names?: readonly string[]
  /** At most 32 bits: in JSON a number, where the others are strings. */
  isShort?: true
}

interface TypedField<T> extends Field {
  /** Only for the compiler. */
  readonly of?: () => T
}

export interface MessageType<T> {
  readonly fields: Record<string, Field>
  encode(message: Partial<T>): Buffer
  decode(bytes: Buffer): T
}

export type DecodedOf<M> = M extends MessageType<infer T> ? T : never

export const bytes = (number: number): TypedField<Buffer> => ({ number, type: 'bytes', repeated: false })
export const string = (number: number): TypedField<string> => ({ number, type: 'string', repeated: false })
export const int = (number: number): TypedField<number> => ({ number, type: 'int', repeated: false })
/** int64, whole. */
export const long = (number: number): TypedField<bigint> => ({ number, type: 'long', repeated: false })
export const uint32 = (number: number): TypedField<number> => ({ ...int(number), isShort: true })
export const bool = (number: number): TypedField<boolean> => ({ number, type: 'bool', repeated: false })
export const enumeration = (number: number, names: readonly string[]): TypedField<number> => ({
  number,
  type: 'int',
  repeated: false,
  names,
})
/** A function, because messages may hold themselves. */
export const nested = <T extends object>(number: number, type: () => MessageType<T>): TypedField<T | undefined> => ({
  number,
  type: type as unknown as () => MessageType<object>,
  repeated: false,
})
export const repeated = <T>(field: TypedField<T>): TypedField<NonNullable<T>[]> => ({
  number: field.number,
  type: field.type,
  repeated: true,
  ...(field.names && { names: field.names }),
})
/** One of several: absent unless it was written, also when it is zero. */
export const oneOf = <T>(field: TypedField<T>): TypedField<T | undefined> & { oneOf: true } => ({
  ...field,
  oneOf: true,
})

type FieldsOf<T> = { [K in keyof T]: TypedField<T[K]> }

export function message<T extends object>(fields: FieldsOf<T>): MessageType<T> {
  const entries = Object.entries(fields) as [string, Field & { oneOf?: true }][]
  const byNumber: ([string, Field] | undefined)[] = []
  const blank: Record<string, unknown> = {}
  for (const [name, field] of entries) {
    byNumber[field.number] = [name, field]
    blank[name] = field.repeated || field.oneOf ? undefined : blankOf(field)
  }
  const lists = entries.filter(([, field]) => field.repeated).map(([name]) => name)

  return {
    fields: fields as unknown as Record<string, Field>,

    encode(content) {
      const writer = new Writer()
      for (const [name, field] of entries) {
        const value = (content as Record<string, unknown>)[name]
        if (value === undefined) continue
        if (field.repeated) for (const item of value as unknown[]) writer.field(field, item)
        else if (field.oneOf || !isBlank(value)) writer.field(field, value)
      }
      return writer.finish()
    },

    decode(from) {
      const content: Record<string, unknown> = { ...blank }
      for (const name of lists) content[name] = []
      const reader = new Reader(from)
      while (reader.at < from.length) {
        const tag = reader.varint()
        const known = byNumber[Math.floor(tag / 8)]
        if (!known) reader.skip(tag & 7)
        else read(reader, tag & 7, known, content)
      }
      return content as T
    },
  }
}

const NO_BYTES = Buffer.alloc(0)

function blankOf(field: Field): unknown {
  if (typeof field.type === 'function') return undefined
  return { bytes: NO_BYTES, string: '', int: 0, long: 0n, bool: false }[field.type]
}

function isBlank(value: unknown): boolean {
  return (
    value === 0 || value === 0n || value === false || value === '' || (Buffer.isBuffer(value) && value.length === 0)
  )
}

function read(reader: Reader, kind: number, [name, field]: [string, Field], content: Record<string, unknown>): void {
  if (field.repeated && kind === BYTES && isNumber(field)) {
    // Packed: all numbers of the list in one piece.
    const packed = new Reader(reader.bytes())
    while (packed.at < packed.end) (content[name] as unknown[]).push(readValue(packed, VARINT, field))
    return
  }
  const value = readValue(reader, kind, field)
  if (field.repeated) (content[name] as unknown[]).push(value)
  else content[name] = value
}

const isNumber = ({ type }: Field) => type === 'int' || type === 'long' || type === 'bool'

function readValue(reader: Reader, kind: number, field: Field): unknown {
  const wanted = isNumber(field) ? VARINT : BYTES
  if (kind !== wanted) throw new RangeError(`field ${field.number} has wire type ${kind}, not ${wanted}`)
  switch (field.type) {
    case 'int':
      return reader.varint()
    case 'long':
      return reader.long()
    case 'bool':
      return reader.varint() !== 0
    case 'bytes':
      return reader.bytes()
    case 'string':
      return reader.bytes().toString()
    default:
      return field.type().decode(reader.bytes())
  }
}

class Reader {
  readonly #from: Buffer
  at = 0

  constructor(from: Buffer) {
    this.#from = from
  }

  get end(): number {
    return this.#from.length
  }

  varint(): number {
    let low = 0
    let factor = 1
    for (let i = 0; i < 10; i++) {
      const byte = this.#from[this.at++]
      if (byte === undefined) throw new RangeError('message is cut short')
      // Ten bytes: a negative number, which is 2^64 too large. Beyond 2^53 this rounds, which -1 survives.
      if (i === 9) return Number(this.#whole(10))
      low += (byte & 0x7f) * factor
      if (byte < 0x80) return low
      factor *= 128
    }
    throw new RangeError('varint is too long')
  }

  long(): bigint {
    const start = this.at
    const rounded = this.varint()
    return Number.isSafeInteger(rounded) ? BigInt(rounded) : this.#whole(this.at - start)
  }

  bytes(): Buffer {
    const length = this.varint()
    const start = this.at
    if (start + length > this.#from.length) throw new RangeError('message is cut short')
    this.at = start + length
    return this.#from.subarray(start, this.at)
  }

  skip(kind: number): void {
    if (kind === VARINT) this.varint()
    else if (kind === BYTES) this.bytes()
    else if (kind === FIXED64) this.at += 8
    else if (kind === FIXED32) this.at += 4
    else throw new RangeError(`wire type ${kind} is not known`)
  }

  /** Of the last so many bytes. */
  #whole(length: number): bigint {
    let value = 0n
    const start = this.at - length
    for (let i = 0; i < length; i++) value |= BigInt((this.#from[start + i] as number) & 0x7f) << BigInt(7 * i)
    return BigInt.asIntN(64, value)
  }
}

class Writer {
  #buffer = Buffer.allocUnsafe(128)
  #at = 0

  field(field: Field, value: unknown): void {
    switch (field.type) {
      case 'int':
        this.#varint(field.number * 8 + VARINT)
        this.#varint(value as number)
        break
      case 'long':
        this.#varint(field.number * 8 + VARINT)
        this.#long(value as bigint)
        break
      case 'bool':
        this.#varint(field.number * 8 + VARINT)
        this.#varint(value ? 1 : 0)
        break
      case 'bytes':
        this.#piece(field.number, value as Buffer)
        break
      case 'string':
        this.#piece(field.number, Buffer.from(value as string))
        break
      default:
        this.#piece(field.number, field.type().encode(value as object))
    }
  }

  finish(): Buffer {
    return this.#buffer.subarray(0, this.#at)
  }

  #piece(number: number, piece: Buffer): void {
    this.#varint(number * 8 + BYTES)
    this.#varint(piece.length)
    this.#reserve(piece.length)
    this.#buffer.set(piece, this.#at)
    this.#at += piece.length
  }

  #varint(value: number): void {
    this.#reserve(10)
    if (value < 0) {
      this.#long(BigInt(value))
      return
    }
    let rest = value
    while (rest >= 0x80) {
      this.#buffer[this.#at++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#buffer[this.#at++] = rest
  }

  #long(value: bigint): void {
    this.#reserve(10)
    let rest = BigInt.asUintN(64, value)
    for (; rest >= 0x80n; rest >>= 7n) this.#buffer[this.#at++] = Number(rest & 0x7fn) | 0x80
    this.#buffer[this.#at++] = Number(rest)
  }

  #reserve(bytesMore: number): void {
    if (this.#at + bytesMore <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + bytesMore))
    this.#buffer.copy(larger, 0, 0, this.#at)
    this.#buffer = larger
  }
}
