// Protobuf's wire form, written: varints, fixed numbers, texts, and messages whose length is known only afterwards.

const VARINT = 0
const FIXED_64 = 1
const LENGTH_DELIMITED = 2

export class ProtoWriter {
  #bytes: Buffer = Buffer.allocUnsafe(1024)
  #length = 0

  string(field: number, text: string): void {
    this.#tag(field, LENGTH_DELIMITED)
    const size = Buffer.byteLength(text)
    this.#varint(size)
    this.#reserve(size)
    this.#bytes.write(text, this.#length)
    this.#length += size
  }

  bytes(field: number, bytes: Uint8Array): void {
    this.#tag(field, LENGTH_DELIMITED)
    this.#varint(bytes.length)
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  bool(field: number, value: boolean): void {
    this.#tag(field, VARINT)
    this.#varint(value ? 1 : 0)
  }

  /** int32 and int64 alike: a negative number takes ten bytes, as two's complement of 64 bits. */
  integer(field: number, value: number | bigint): void {
    this.#tag(field, VARINT)
    if (typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER) this.#varint(value)
    else this.#bigVarint(BigInt.asUintN(64, BigInt(value)))
  }

  double(field: number, value: number): void {
    this.#tag(field, FIXED_64)
    this.#reserve(8)
    this.#length = this.#bytes.writeDoubleLE(value, this.#length)
  }

  message(field: number, write: (writer: ProtoWriter) => void): void {
    this.#tag(field, LENGTH_DELIMITED)
    const start = this.#length
    write(this)
    const size = this.#length - start
    // The length stands before the content: make room for exactly its bytes, then move the content behind them.
    const room = varintSize(size)
    this.#reserve(room)
    this.#bytes.copyWithin(start + room, start, this.#length)
    this.#length = start
    this.#varint(size)
    this.#length += size
  }

  finish(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length))
  }

  #tag(field: number, wire: number): void {
    this.#varint(field * 8 + wire)
  }

  #varint(value: number): void {
    this.#reserve(10)
    let rest = value
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) + 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.#length++] = rest
  }

  #bigVarint(value: bigint): void {
    this.#reserve(10)
    let rest = value
    while (rest >= 0x80n) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) + 0x80
      rest >>= 7n
    }
    this.#bytes[this.#length++] = Number(rest)
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + more))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}

function varintSize(value: number): number {
  let size = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++
  return size
}
