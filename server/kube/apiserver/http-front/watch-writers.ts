// Frames on their way to watchers. What comes for one watcher while the process is busy with others goes out in one
// piece: the more there is to do, the fewer pieces there are, and an idle server sends at once. Watchers who have the
// same to hear, which is most of them, share the piece.

import type { Outgoing } from './read-request.ts'

/** A watcher that does not read is let go before it fills the server's memory. */
const UNREAD_LIMIT = 16 * 1024 * 1024

export class WatchWriters {
  #waiting: WatchWriter[] = []

  of(response: Outgoing): WatchWriter {
    return new WatchWriter(response, (writer) => {
      if (this.#waiting.push(writer) === 1) setImmediate(() => this.#flush())
    })
  }

  #flush(): void {
    const waiting = this.#waiting
    this.#waiting = []
    let shared: Buffer[] = []
    let piece: Buffer | undefined
    for (const writer of waiting) {
      const frames = writer.take()
      if (frames.length === 0) continue
      if (!piece || !isSame(frames, shared)) {
        shared = frames
        piece = frames.length === 1 ? frames[0]! : Buffer.concat(frames)
      }
      writer.send(piece)
    }
  }
}

export class WatchWriter {
  readonly #response: Outgoing
  readonly #onFirst: (writer: WatchWriter) => void
  #frames: Buffer[] = []

  constructor(response: Outgoing, onFirst: (writer: WatchWriter) => void) {
    this.#response = response
    this.#onFirst = onFirst
  }

  write(frame: Buffer): void {
    if (this.#frames.push(frame) === 1) this.#onFirst(this)
  }

  /** What waits to be sent; also the way to drop it when nobody reads any more. */
  take(): Buffer[] {
    const frames = this.#frames
    this.#frames = []
    return frames
  }

  send(piece: Buffer): void {
    this.#response.write(piece)
    if (this.#response.writableLength > UNREAD_LIMIT) this.#response.destroy()
  }

  /** Nothing may follow; what waits goes first. */
  end(last?: Buffer): void {
    const frames = this.take()
    if (last) frames.push(last)
    this.#response.end(frames.length > 0 ? Buffer.concat(frames) : undefined)
  }
}

const isSame = (a: readonly Buffer[], b: readonly Buffer[]) =>
  a.length === b.length && a.every((frame, index) => frame === b[index])
