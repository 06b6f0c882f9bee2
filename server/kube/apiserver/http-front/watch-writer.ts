// What one watcher has still to be sent: first what is for it alone, then what its channel has and it has not.

import type { Unread } from '../../../base/unread.ts'
import type { Outgoing } from './read-request.ts'
import { pieceOf, type Waiting, type WatchChannel } from './watch-channel.ts'

/** A watcher that does not read is let go before it fills the server's memory. */
const UNREAD_LIMIT = 16 * 1024 * 1024

export class WatchWriter implements Waiting {
  readonly #response: Outgoing
  readonly #unread: Unread
  readonly #onFirst: (writer: WatchWriter) => void
  #own: Buffer[] = []
  #channel: WatchChannel | undefined
  /** How much of the channel it has been sent, or has among its own. */
  #has = 0

  /** The response's headers have been sent. */
  constructor(response: Outgoing, unread: Unread, onFirst: (writer: WatchWriter) => void) {
    this.#response = response
    this.#unread = unread
    this.#onFirst = onFirst
  }

  /** Not while an earlier answer on this connection is still being sent: then Node keeps what comes, and chunks it itself. */
  get #isChunked(): boolean {
    const { stream, chunkedEncoding, socket } = this.#response
    return !stream && chunkedEncoding && socket !== null
  }

  /** Gets what comes there from now on. */
  join(channel: WatchChannel): void {
    channel.add(this)
    this.#channel = channel
    this.#has = channel.end
  }

  /** For this watcher alone, after all that has come for it until now. */
  write(frame: Buffer): void {
    const isFirst = this.#own.length === 0
    this.#takeOver()
    this.#own.push(frame)
    if (isFirst) this.#onFirst(this)
  }

  send(): { sent: number; isDone: boolean } {
    this.sendAll()
    return { sent: 1, isDone: true }
  }

  sendAll(): void {
    const isChunked = this.#isChunked
    if (this.#own.length > 0) {
      this.#takeOver()
      const frames = this.#own
      this.#own = []
      this.#send(pieceOf(frames, isChunked), isChunked)
    } else if (this.#channel && this.#channel.end > this.#has) {
      const piece = this.#channel.pieceSince(this.#has, isChunked)
      this.#has = this.#channel.end
      this.#send(piece, isChunked)
    }
  }

  /** Nothing may follow; what waits goes first. */
  end(last?: Buffer): void {
    this.#takeOver()
    const frames = last ? [...this.#own, last] : this.#own
    this.drop()
    this.#response.end(frames.length > 0 ? pieceOf(frames, false) : undefined)
  }

  /** Nobody reads any more. */
  drop(): void {
    this.#channel?.delete(this)
    this.#channel = undefined
    this.#own = []
  }

  #takeOver(): void {
    if (!this.#channel) return
    this.#own.push(...this.#channel.since(this.#has))
    this.#has = this.#channel.end
  }

  /**
   * A piece that is a chunk already goes past Node's response, whose headers have long been sent: it would take it apart
   * into three and copy them together again, for each watcher.
   */
  #send(piece: Buffer, isChunked: boolean): void {
    const to = isChunked ? this.#response.socket : this.#response
    to?.write(piece)
    if (this.#response.writableLength > UNREAD_LIMIT) this.#response.destroy()
    else this.#unread.note(this.#response)
  }
}
