// One request and what is answered to it. What is to be sent waits here until the client has room for it.

import { encodeHeaders } from './hpack.ts'

/** More than this waiting, and whoever sends should stop until `onDrain`. */
const FULL_BYTES = 256 * 1024

const NO_BYTES = Buffer.alloc(0)
const nothing = () => {}

/** What a stream asks of its connection. */
export interface Carrier {
  /** How much the connection takes now, at once. */
  readonly room: number
  /** Calls `pump` when there is room again. */
  waitForRoom(stream: Http2Stream): void
  sendHeaders(id: number, block: Buffer, isLast: boolean): void
  /** At most `room`. */
  sendData(id: number, piece: Buffer, isLast: boolean): void
  /** So many bytes more wait in the stream, or less. */
  hold(bytes: number): void
  /** All is said. */
  finish(id: number): void
}

/** Header fields that are sent often, packed once. */
export class PackedHeaders {
  readonly block: Buffer
  constructor(fields: Record<string, string>) {
    this.block = encodeHeaders(fields)
  }
}

export class Http2Stream {
  readonly id: number
  onData: (bytes: Buffer) => void = nothing
  /** The client has no more to say. */
  onEnd: () => void = nothing
  /** Over, for whatever reason. Called once. */
  onClose: () => void = nothing
  /** All that waited has gone out. */
  onDrain: () => void = nothing
  /** What goes on for it, if the client cannot stop that by breaking it off. Never rejects. */
  work: Promise<void> | undefined
  readonly #carrier: Carrier
  #room: number
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #isEnding = false
  #trailers: PackedHeaders | undefined
  #isOver = false

  constructor(id: number, carrier: Carrier, room: number) {
    this.id = id
    this.#carrier = carrier
    this.#room = room
  }

  get isOver(): boolean {
    return this.#isOver
  }

  get isFull(): boolean {
    return this.#waitingBytes > FULL_BYTES
  }

  respond(headers: PackedHeaders): void {
    if (!this.#isEnding) this.#carrier.sendHeaders(this.id, headers.block, false)
  }

  write(bytes: Buffer): void {
    if (this.#isEnding || bytes.length === 0) return
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    this.#carrier.hold(bytes.length)
    if (this.#waiting.length === 1) this.#pump()
  }

  /** `trailers` of a stream that has not responded are all of its answer. */
  end(trailers?: PackedHeaders): void {
    if (this.#isEnding) return
    this.#isEnding = true
    this.#trailers = trailers
    if (this.#waiting.length === 0) this.#pump()
  }

  /** There may be room again. */
  pump(): void {
    if (this.#isOver) return
    const waited = this.#waitingBytes > 0
    this.#pump()
    if (waited && this.#waitingBytes === 0 && !this.#isEnding) this.onDrain()
  }

  /** The client takes so much more, or, after it has thought better of it, less. */
  addRoom(bytes: number): number {
    this.#room += bytes
    return this.#room
  }

  /** Whatever the client has still to say is said to nobody. */
  close(): void {
    if (this.#isOver) return
    this.#isEnding = true
    this.#isOver = true
    this.#carrier.hold(-this.#waitingBytes)
    this.#waiting = []
    this.#waitingBytes = 0
    this.onData = nothing
    this.onEnd = nothing
    this.onClose()
  }

  #pump(): void {
    while (this.#waiting.length > 0) {
      const room = Math.min(this.#room, this.#carrier.room)
      if (room <= 0) {
        if (this.#room > 0) this.#carrier.waitForRoom(this)
        return
      }
      const first = this.#waiting[0] as Buffer
      const piece = first.length > room ? first.subarray(0, room) : first
      if (piece === first) this.#waiting.shift()
      else this.#waiting[0] = first.subarray(room)
      this.#waitingBytes -= piece.length
      this.#carrier.hold(-piece.length)
      this.#room -= piece.length
      this.#carrier.sendData(this.id, piece, false)
    }
    if (!this.#isEnding) return
    if (this.#trailers) this.#carrier.sendHeaders(this.id, this.#trailers.block, true)
    else this.#carrier.sendData(this.id, NO_BYTES, true)
    this.#carrier.finish(this.id)
  }
}
