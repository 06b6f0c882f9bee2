// SPDY/3.1 on the wire, as far as kubectl speaks it.
//
//   data     |0| stream id (31) | flags (8) | length (24) | content
//   control  |1| version (15) | type (16) | flags (8) | length (24) | body
//
// https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1

const HEAD = 8
const VERSION = 3
export const FIN = 1
/** Headers are small; a control frame longer than this is no honest one. */
const CONTROL_LIMIT = 64 * 1024

export const CONTROL = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const

export const RESET = { protocolError: 1, refusedStream: 3, cancel: 5 } as const

export type Frame =
  /** A long frame comes in pieces; only the last of them can be `fin`. */
  | { type: 'data'; streamId: number; content: Buffer; fin: boolean }
  | { type: 'control'; kind: number; flags: number; body: Buffer }

/** Cuts bytes into frames, however the bytes arrive. Keeps no more than one control frame waiting. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0)
  #data: { streamId: number; left: number; fin: boolean } | undefined;

  *read(chunk: Buffer): Generator<Frame> {
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk
    for (;;) {
      const frame = this.#data ? this.#piece(this.#data) : this.#next()
      if (!frame) return
      yield frame
    }
  }

  #piece(data: { streamId: number; left: number; fin: boolean }): Frame | undefined {
    if (this.#rest.length === 0 && data.left > 0) return undefined
    const content = this.#take(Math.min(data.left, this.#rest.length))
    data.left -= content.length
    const isLast = data.left === 0
    if (isLast) this.#data = undefined
    return { type: 'data', streamId: data.streamId, content, fin: isLast && data.fin }
  }

  #next(): Frame | undefined {
    if (this.#rest.length < HEAD) return undefined
    const first = this.#rest.readUInt32BE(0)
    const flags = this.#rest[4] ?? 0
    const length = this.#rest.readUIntBE(5, 3)
    if (first < 0x8000_0000) {
      this.#take(HEAD)
      this.#data = { streamId: first, left: length, fin: (flags & FIN) !== 0 }
      return this.#piece(this.#data)
    }
    const version = (first >>> 16) & 0x7fff
    if (version !== VERSION) throw new Error(`SPDY version ${version} is not spoken here`)
    if (length > CONTROL_LIMIT) throw new Error(`SPDY control frame of ${length} bytes is too long`)
    if (this.#rest.length < HEAD + length) return undefined
    this.#take(HEAD)
    return { type: 'control', kind: first & 0xffff, flags, body: this.#take(length) }
  }

  #take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length)
    this.#rest = this.#rest.subarray(length)
    return taken
  }
}

export function dataFrame(streamId: number, content: Buffer, flags = 0): Buffer {
  const head = Buffer.alloc(HEAD)
  head.writeUInt32BE(streamId, 0)
  head[4] = flags
  head.writeUIntBE(content.length, 5, 3)
  return Buffer.concat([head, content])
}

export function controlFrame(kind: number, body: Buffer, flags = 0): Buffer {
  const head = Buffer.alloc(HEAD)
  head.writeUInt32BE(0x8000_0000 + VERSION * 0x1_0000 + kind, 0)
  head[4] = flags
  head.writeUIntBE(body.length, 5, 3)
  return Buffer.concat([head, body])
}

export function uint32s(...values: number[]): Buffer {
  const body = Buffer.alloc(values.length * 4)
  values.forEach((value, index) => {
    body.writeUInt32BE(value, index * 4)
  })
  return body
}
