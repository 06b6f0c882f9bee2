// Frames on their way to watchers. Whoever has something to send stands in a line. When a watcher's turn is there it gets
// all that has come for it, in one piece: the more there is to do, the fewer pieces there are, and an idle server sends at
// once. Requests are answered between one part of the line and the next.
//
// Those who watch the same stand in it together, as a channel: an event is put there once, and a watcher only
// remembers how much of it it has been sent.

import type { Unread } from '../../../base/unread.ts'
import type { OutgoingEvent } from '../request-path/answer.ts'
import type { Outgoing } from './read-request.ts'
import { type Waiting, WatchChannel } from './watch-channel.ts'
import { WatchWriter } from './watch-writer.ts'

/** Watchers in one turn of the process: some milliseconds, nearly all of it the kernel's. */
const TURN = 200

export class WatchWriters {
  readonly #line: Waiting[] = []
  readonly #unread: Unread
  readonly #channels = new WeakMap<object, Map<string, WatchChannel>>()

  constructor(unread: Unread) {
    this.#unread = unread
  }

  of(response: Outgoing): WatchWriter {
    return new WatchWriter(response, this.#unread, (writer) => this.#wait(writer))
  }

  /** What all who watch `view` and read it in this form have in common. */
  channelOf(view: object, form: string, frameOf: (event: OutgoingEvent) => Buffer): WatchChannel {
    const channels = this.#channels.get(view) ?? new Map<string, WatchChannel>()
    this.#channels.set(view, channels)
    const channel = channels.get(form) ?? new WatchChannel(frameOf, (one) => this.#wait(one))
    channels.set(form, channel)
    return channel
  }

  #wait(waiting: Waiting): void {
    if (this.#line.push(waiting) === 1) this.#schedule()
  }

  #schedule(): void {
    setImmediate(() => this.#flush())
  }

  #flush(): void {
    let left = TURN
    for (let count = this.#line.length; count > 0 && left > 0; count--) {
      const first = this.#line.shift()!
      const { sent, isDone } = first.send(left)
      left -= sent
      if (!isDone) this.#line.push(first)
    }
    if (this.#line.length > 0) this.#schedule()
  }
}
