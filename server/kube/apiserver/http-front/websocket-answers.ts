// What can only be read, for clients that ask for it by WebSocket: logs as they come, watches with an event in each message.
// Upstream: apimachinery/pkg/util/httpstream/wsstream/stream.go, apiserver/pkg/endpoints/handlers/watch.go.

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Taker, Unread } from '../../../base/unread.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import type { WatchAnswer } from '../request-path/answer.ts'
import type { RenderContext } from './render.ts'
import { errorFrame, type Frames } from './watch-frames.ts'

export interface Upgrade {
  incoming: IncomingMessage
  socket: Duplex
  head: Buffer
}

const BASE64 = 'base64.binary.k8s.io'
const OUTPUT_PROTOCOLS = ['binary.k8s.io', BASE64]
/** Nothing is expected of the client. */
const MOST_HEARD = 64 * 1024
/** A watcher that does not read is let go before it fills the server's memory. */
const UNREAD_LIMIT = 16 * 1024 * 1024

/** A browser's way to say who it is (read-request.ts). */
const isToken = (protocol: string) => protocol.startsWith('base64url.bearer.authorization.k8s.io.')

export class WebSocketAnswers {
  readonly #outputs = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_HEARD,
    handleProtocols: (offered) => OUTPUT_PROTOCOLS.find((one) => offered.has(one)) ?? false,
  })
  readonly #watches = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_HEARD,
    // Whatever a client calls it, it is given events.
    handleProtocols: (offered) => [...offered].find((one) => !isToken(one)) ?? false,
  })

  readonly #unread: Unread

  constructor(unread: Unread) {
    this.#unread = unread
  }

  async output(upgrade: Upgrade, open: () => Promise<AsyncIterable<Uint8Array>>): Promise<void> {
    const told = upgrade.incoming.headers['sec-websocket-protocol'] ?? ''
    const offered = told.split(',').flatMap((one) => (one === '' || isToken(one.trim()) ? [] : one.trim()))
    if (offered.length > 0 && !offered.some((one) => OUTPUT_PROTOCOLS.includes(one))) {
      throw new StatusError('Forbidden', `logs are sent over WebSocket by ${OUTPUT_PROTOCOLS.join(' or ')}`)
    }
    const output = await open()
    const webSocket = await accept(this.#outputs, upgrade)
    const encoded = (chunk: Uint8Array) =>
      webSocket.protocol === BASE64 ? Buffer.from(chunk).toString('base64') : chunk
    const send = (chunk: Uint8Array) =>
      new Promise<void>((sent, failed) => {
        webSocket.send(encoded(chunk), (err) => (err ? failed(err) : sent()))
      })
    try {
      // Before anything is said the client hears that it is connected.
      await send(Buffer.alloc(0))
      for await (const chunk of output) await send(chunk)
      webSocket.close(1000)
    } catch {
      // The client has gone, or whoever spoke: either way there is nothing more to say.
      webSocket.terminate()
    }
  }

  async watch(upgrade: Upgrade, answer: WatchAnswer, frames: Frames, context: RenderContext): Promise<void> {
    const webSocket = await accept(this.#watches, upgrade)
    const isText = context.representation.format !== 'protobuf'
    const taker: Taker = {
      get writableLength() {
        return webSocket.bufferedAmount
      },
      destroy: () => webSocket.terminate(),
      once: (event, run) => webSocket.once(event, run),
    }
    const send = (frame: Buffer) => {
      webSocket.send(frame, { binary: !isText })
      if (webSocket.bufferedAmount > UNREAD_LIMIT) webSocket.terminate()
      else this.#unread.note(taker)
    }
    const watch = answer.start({
      event: (event) => send(frames.frameOf(event)),
      end: (error) => {
        if (error) send(errorFrame(error, context))
        webSocket.close(1000)
      },
    })
    webSocket.on('close', () => watch[Symbol.dispose]())
  }
}

function accept(server: WebSocketServer, { incoming, socket, head }: Upgrade): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    // A handshake that cannot be answered ends the connection, and nobody is called back.
    socket.once('close', () => reject(new StatusError('BadRequest', 'the client has gone')))
    server.handleUpgrade(incoming, socket, head, (webSocket) => {
      webSocket.on('error', () => undefined)
      resolve(webSocket)
    })
  })
}
