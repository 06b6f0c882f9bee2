// The frames that many watchers get alike, each once, until all of them have been sent.
//
//   frames         a  b  c  d
//   sent to           ▲     ▲      some have a, the others all; what those two lack are two pieces, each made once

import type { OutgoingEvent, SharedSink } from '../request-path/answer.ts'

export interface Waiting {
  /** To so many watchers at most. Says to how many, and whether there is more to send. */
  send(most: number): { sent: number; isDone: boolean }
}

interface Member {
  sendAll(): void
}

export class WatchChannel implements SharedSink, Waiting {
  readonly #frameOf: (event: OutgoingEvent) => Buffer
  readonly #onFirst: (channel: WatchChannel) => void
  readonly #members = new Set<Member>()
  #frames: Buffer[] = []
  /** Frames that were here before the first of `#frames`. */
  #gone = 0
  /** One round through all members, and what each of them has when it is over. */
  #round: { members: Iterator<Member>; until: number } | undefined
  #piece: { from: number; until: number; isChunked: boolean; bytes: Buffer } | undefined

  constructor(frameOf: (event: OutgoingEvent) => Buffer, onFirst: (channel: WatchChannel) => void) {
    this.#frameOf = frameOf
    this.#onFirst = onFirst
  }

  /** Frames since the beginning. */
  get end(): number {
    return this.#gone + this.#frames.length
  }

  add(member: Member): void {
    this.#members.add(member)
  }

  delete(member: Member): void {
    this.#members.delete(member)
  }

  event(event: OutgoingEvent): void {
    if (this.#frames.push(this.#frameOf(event)) === 1) this.#onFirst(this)
  }

  since(from: number): Buffer[] {
    return this.#frames.slice(from - this.#gone)
  }

  /** All since `from`, as it is sent. */
  pieceSince(from: number, isChunked: boolean): Buffer {
    const until = this.end
    const known = this.#piece
    if (known && known.from === from && known.until === until && known.isChunked === isChunked) return known.bytes
    const bytes = pieceOf(this.since(from), isChunked)
    this.#piece = { from, until, isChunked, bytes }
    return bytes
  }

  send(most: number): { sent: number; isDone: boolean } {
    this.#round ??= { members: this.#members.values(), until: this.end }
    const { members, until } = this.#round
    for (let sent = 0; sent < most; sent++) {
      const next = members.next()
      if (next.done) {
        this.#frames.splice(0, until - this.#gone)
        this.#gone = until
        this.#round = this.#piece = undefined
        return { sent, isDone: this.#frames.length === 0 }
      }
      next.value.sendAll()
    }
    return { sent: most, isDone: false }
  }
}

/** Frames in a row; chunked as HTTP/1.1 sends what has no known length. */
export function pieceOf(frames: readonly Buffer[], isChunked: boolean): Buffer {
  if (!isChunked) return frames.length === 1 ? frames[0]! : Buffer.concat(frames)
  const length = frames.reduce((sum, frame) => sum + frame.length, 0)
  return Buffer.concat([Buffer.from(`${length.toString(16)}\r\n`), ...frames, LINE_END])
}

const LINE_END = Buffer.from('\r\n')
