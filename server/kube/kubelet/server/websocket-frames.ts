// Messages of several channels on one WebSocket: in bytes, the first is the number of the channel; in text, its digit, then
// base64. Upstream: apimachinery/pkg/util/httpstream/wsstream/conn.go.

import type { WebSocket } from 'ws'

export interface Frames {
  /** Whether it came as bytes or as text says nothing: clients of Python type as text. */
  read(message: Buffer): { channel: number; content: Buffer }
  /** A string is sent as text. */
  write(channel: number, content: Buffer): Buffer | string
}

export const framesOf = (protocol: string): Frames => (protocol.includes('base64') ? BASE64 : BINARY)

const BINARY: Frames = {
  read: (message) => ({ channel: message[0] ?? 0, content: message.subarray(1) }),
  write: (channel, content) => Buffer.concat([Buffer.from([channel]), content]),
}

const BASE64: Frames = {
  read: (message) => ({
    channel: Number(String.fromCharCode(message[0] ?? 0)),
    content: Buffer.from(message.subarray(1).toString('latin1'), 'base64'),
  }),
  write: (channel, content) => `${channel}${content.toString('base64')}`,
}

/**
 * Sends one message when the one before has been written, so that each begins a TLS record, as upstream's do. What is written
 * while a connection is busy shares one, and a client that waits for its socket (Python's) does not see what is left of it.
 */
export class MessageQueue {
  readonly #webSocket: WebSocket
  #written: Promise<void> = Promise.resolve()

  constructor(webSocket: WebSocket) {
    this.#webSocket = webSocket
  }

  /** Resolves when the connection has taken it; rejects when there is none any more. */
  send(message: Buffer | string): Promise<void> {
    const sent = this.#written.then(
      () =>
        new Promise<void>((resolve, reject) => {
          this.#webSocket.send(message, (err) => (err ? reject(err) : resolve()))
        }),
    )
    this.#written = sent.catch(() => undefined)
    return sent
  }

  close(): void {
    void this.#written.then(() => this.#webSocket.close(1000))
  }
}
