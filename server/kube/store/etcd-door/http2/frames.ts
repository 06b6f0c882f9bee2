// Frames of HTTP/2 (RFC 9113, section 4): length u24 | type u8 | flags u8 | stream u32 | payload.

const NOTHING = Buffer.alloc(0)
/** What a client says before its first frame. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
export const FRAME_HEAD_BYTES = 9
/** The largest frame that everybody takes; we ask for no larger ones, and send none. */
export const MAX_FRAME_BYTES = 16_384

export const FRAMES = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const

export const FLAGS = { ACK: 1, END_STREAM: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 32 } as const

export const SETTINGS = { MAX_CONCURRENT_STREAMS: 3, INITIAL_WINDOW_SIZE: 4, MAX_HEADER_LIST_SIZE: 6 } as const

export const ERRORS = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  FLOW_CONTROL_ERROR: 3,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  COMPRESSION_ERROR: 9,
  ENHANCE_YOUR_CALM: 11,
} as const

/** Ends the whole connection. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
  readonly code: number
  constructor(code: keyof typeof ERRORS, message: string) {
    super(message)
    this.code = ERRORS[code]
  }
}

export interface Frame {
  type: number
  flags: number
  stream: number
  payload: Buffer
}

export function withoutPadding({ flags, payload }: Frame): Buffer {
  if (!(flags & FLAGS.PADDED)) return payload
  const padding = payload[0] ?? 0
  if (padding >= payload.length) throw new ConnectionError('PROTOCOL_ERROR', 'more padding than payload')
  return payload.subarray(1, payload.length - padding)
}

/** Puts frames together from however they were cut up; before a client's first there is the preface. */
export class FrameReader {
  #rest: Buffer = NOTHING
  #isBegun: boolean

  constructor(of: 'client' | 'server' = 'client') {
    this.#isBegun = of === 'server'
  }

  read(chunk: Buffer, use: (frame: Frame) => void): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    if (!this.#isBegun) {
      const begin = bytes.subarray(0, PREFACE.length)
      if (!PREFACE.subarray(0, begin.length).equals(begin)) throw new ConnectionError('PROTOCOL_ERROR', 'no preface')
      this.#isBegun = begin.length === PREFACE.length
      if (this.#isBegun) at = PREFACE.length
    }
    while (this.#isBegun && at + FRAME_HEAD_BYTES <= bytes.length) {
      const length = bytes.readUIntBE(at, 3)
      if (length > MAX_FRAME_BYTES) throw new ConnectionError('FRAME_SIZE_ERROR', 'a frame is too large')
      const start = at + FRAME_HEAD_BYTES
      if (start + length > bytes.length) break
      const frame = {
        type: bytes[at + 3] as number,
        flags: bytes[at + 4] as number,
        stream: bytes.readUInt32BE(at + 5) & 0x7fff_ffff,
        payload: bytes.subarray(start, start + length),
      }
      at = start + length
      use(frame)
    }
    // Of what has been read nothing is kept alive while a client says nothing more.
    this.#rest = at === bytes.length ? NOTHING : bytes.subarray(at)
  }
}

const BLOCK_BYTES = 32 * 1024

/** Collects frames, and hands them on in as few pieces as there are turns of the process in which any were written. */
export class FrameWriter {
  readonly #send: (bytes: Buffer) => void
  #block = NOTHING
  /** What is between the two was written and not handed on. */
  #from = 0
  #to = 0
  #isDue = false

  constructor(send: (bytes: Buffer) => void) {
    this.#send = send
  }

  write(type: number, flags: number, stream: number, payload: Buffer): void {
    const at = this.#reserve(FRAME_HEAD_BYTES + payload.length)
    this.#block.writeUIntBE(payload.length, at, 3)
    this.#block[at + 3] = type
    this.#block[at + 4] = flags
    this.#block.writeUInt32BE(stream, at + 5)
    this.#block.set(payload, at + FRAME_HEAD_BYTES)
  }

  flush(): void {
    if (this.#to === this.#from) return
    const bytes = this.#block.subarray(this.#from, this.#to)
    this.#from = this.#to
    this.#send(bytes)
  }

  #reserve(length: number): number {
    if (!this.#isDue) {
      this.#isDue = true
      // When all promises that are settled in this turn have said what they have to say.
      process.nextTick(() => {
        this.#isDue = false
        this.flush()
      })
    }
    if (this.#to + length > this.#block.length) {
      this.flush()
      // What was handed on may not have gone out, so its block is not written to again.
      this.#block = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, length))
      this.#from = 0
      this.#to = 0
    }
    const at = this.#to
    this.#to += length
    return at
  }
}

export function u32(...numbers: number[]): Buffer {
  const bytes = Buffer.allocUnsafe(4 * numbers.length)
  for (const [index, number] of numbers.entries()) bytes.writeUInt32BE(number, 4 * index)
  return bytes
}

export function settings(values: Partial<Record<keyof typeof SETTINGS, number>>): Buffer {
  const bytes = Buffer.alloc(6 * Object.keys(values).length)
  for (const [index, [name, value]] of Object.entries(values).entries()) {
    bytes.writeUInt16BE(SETTINGS[name as keyof typeof SETTINGS], 6 * index)
    bytes.writeUInt32BE(value, 6 * index + 2)
  }
  return bytes
}
