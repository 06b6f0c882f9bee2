// Frames on their way to watchers. What comes for one watcher while the process is busy with others goes out in one
// piece: the more there is to do, the fewer pieces there are, and an idle server sends at once. Watchers who have the
// same to hear, which is most of them, share the piece.

import type { Outgoing } from './read-request.ts'

/** A watcher that does not read is let go before it fills the server's memory. */
const UNREAD_LIMIT = 16 * 1024 * 1024

export class WatchWriters {
  readonly #waiting = new Map<Outgoing, Buffer[]>()

  write(response: Outgoing, frame: Buffer): void {
    const frames = this.#waiting.get(response)
    if (frames) {
      frames.push(frame)
      return
    }
    if (this.#waiting.size === 0) setImmediate(() => this.#flush())
    this.#waiting.set(response, [frame])
  }

  /** Nobody reads it any more. */
  drop(response: Outgoing): void {
    this.#waiting.delete(response)
  }

  /** Nothing may follow; what waits goes first. */
  end(response: Outgoing, last?: Buffer): void {
    const frames = this.#waiting.get(response) ?? []
    this.#waiting.delete(response)
    if (last) frames.push(last)
    response.end(frames.length > 0 ? Buffer.concat(frames) : undefined)
  }

  #flush(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    let shared: Buffer[] = []
    let piece: Buffer | undefined
    for (const [response, frames] of waiting) {
      if (!piece || !isSame(frames, shared)) {
        shared = frames
        piece = frames.length === 1 ? frames[0]! : Buffer.concat(frames)
      }
      response.write(piece)
      if (response.writableLength > UNREAD_LIMIT) response.destroy()
    }
  }
}

const isSame = (a: readonly Buffer[], b: readonly Buffer[]) =>
  a.length === b.length && a.every((frame, index) => frame === b[index])
