// One end of a SPDY/3.1 connection. Where the other end is a client it opens streams, each of which becomes a Duplex;
// as a client ourselves (of a container runtime's streaming server) we open them.
//
// SPDY's windows are not used: Go's spdystream, which kubectl and every other Kubernetes client has, neither sends nor
// heeds WINDOW_UPDATE, so whoever waited for one would wait for ever after 64 KiB. What holds back a fast side is TCP:
// a stream that is not read stops the reading of the whole connection once its buffer is full, as upstream.
// Upstream: apimachinery/pkg/util/httpstream/spdy, github.com/moby/spdystream.

import { Duplex } from 'node:stream'
import { CONTROL, controlFrame, dataFrame, FIN, type Frame, FrameReader, RESET, uint32s } from './frames.ts'
import { HeaderPacker, type Headers, HeaderUnpacker } from './header-blocks.ts'

const BUFFER = 1 << 20

/** Undefined to refuse the stream. What is returned is called once the client has been told that it is open. */
export type AcceptStream = (headers: Headers, id: number) => ((stream: SpdyStream) => void) | undefined

export class SpdyConnection {
  readonly #transport: Duplex
  readonly #accept: AcceptStream
  readonly #streams = new Map<number, SpdyStream>()
  /** Those that we opened ourselves. */
  readonly #own = new Set<SpdyStream>()
  readonly #packer = new HeaderPacker()
  readonly #unpacker = new HeaderUnpacker()
  #newest = 0
  #nextOwn = 1
  /** Resolves when the connection is gone, for whatever reason; streams of the other side are destroyed by then. */
  readonly closed: Promise<void>

  constructor(transport: Duplex, accept: AcceptStream) {
    this.#transport = transport
    this.#accept = accept
    this.closed = this.#run()
  }

  /** For a client: a stream that the other side may still refuse. It ends with the connection. */
  async open(headers: Headers): Promise<SpdyStream> {
    const id = this.#nextOwn
    this.#nextOwn += 2
    const stream = this.#streamOf(id, headers)
    this.#own.add(stream)
    const block = await this.#packer.pack(headers)
    this.#send(controlFrame(CONTROL.synStream, Buffer.concat([uint32s(id, 0), Buffer.alloc(2), block])))
    return stream
  }

  /** Says goodbye and sends what was written before. */
  end(): void {
    if (this.#transport.writable) this.#transport.end(controlFrame(CONTROL.goAway, uint32s(this.#newest, 0)))
  }

  destroy(): void {
    this.#transport.destroy()
  }

  async #run(): Promise<void> {
    const reader = new FrameReader()
    this.#transport.on('error', () => undefined)
    try {
      for await (const chunk of this.#transport as AsyncIterable<Buffer>) {
        for (const frame of reader.read(chunk)) await this.#hear(frame)
      }
    } catch {
      // Broken, or not SPDY: there is nobody left to tell.
    }
    this.#transport.destroy()
    for (const stream of this.#streams.values()) {
      if (this.#own.has(stream)) stream.receiveEnd()
      else stream.destroy()
    }
  }

  async #hear(frame: Frame): Promise<void> {
    if (frame.type === 'data') {
      const stream = this.#streams.get(frame.streamId)
      // Of a stream that was reset a moment ago there may still come something.
      if (!stream || stream.destroyed) return
      if (frame.content.length > 0) await stream.receive(frame.content)
      if (frame.fin) stream.receiveEnd()
      return
    }
    const { kind, flags, body } = frame
    switch (kind) {
      case CONTROL.synStream:
        return this.#take(body.readUInt32BE(0), await this.#unpacker.unpack(body.subarray(10)), flags)
      case CONTROL.synReply:
      case CONTROL.headers:
        await this.#unpacker.unpack(body.subarray(4))
        return
      case CONTROL.rstStream:
        return this.#giveUp(this.#streams.get(body.readUInt32BE(0)))
      case CONTROL.ping:
        this.#send(controlFrame(CONTROL.ping, body))
        return
    }
  }

  async #take(id: number, headers: Headers, flags: number): Promise<void> {
    const reset = (code: number) => this.#reset(id, code)
    if (id % 2 === 0 || id <= this.#newest) return reset(RESET.protocolError)
    this.#newest = id
    const taken = this.#accept(headers, id)
    if (!taken) return reset(RESET.refusedStream)
    const stream = this.#streamOf(id, headers)
    this.#send(controlFrame(CONTROL.synReply, Buffer.concat([uint32s(id), await this.#packer.pack({})])))
    if (flags & FIN) stream.receiveEnd()
    taken(stream)
  }

  /** What a server had said before it reset a stream of ours, or closed the connection, is still to be read, as in Go. */
  #giveUp(stream: SpdyStream | undefined): void {
    if (stream && this.#own.has(stream)) stream.receiveEnd()
    else stream?.receiveReset()
  }

  #streamOf(id: number, headers: Headers): SpdyStream {
    const stream = new SpdyStream({
      headers,
      send: (content, flags, done) => this.#send(dataFrame(id, content, flags), done),
      reset: () => this.#reset(id, RESET.cancel),
    })
    this.#streams.set(id, stream)
    stream.once('close', () => this.#streams.delete(id))
    return stream
  }

  #reset(id: number, code: number): void {
    this.#send(controlFrame(CONTROL.rstStream, uint32s(id, code)))
  }

  #send(bytes: Buffer, done?: (err?: Error | null) => void): void {
    if (this.#transport.writable) this.#transport.write(bytes, done)
    else done?.(new Error('the connection is closed'))
  }
}

export class SpdyStream extends Duplex {
  readonly headers: Headers
  readonly #send: (content: Buffer, flags: number, done: (err?: Error | null) => void) => void
  readonly #reset: () => void
  #wanted: (() => void) | undefined
  #wasReset = false

  constructor(options: {
    headers: Headers
    send(content: Buffer, flags: number, done: (err?: Error | null) => void): void
    reset(): void
  }) {
    super({ readableHighWaterMark: BUFFER })
    this.headers = options.headers
    this.#send = options.send
    this.#reset = options.reset
    this.on('error', () => undefined)
  }

  /** Resolves when there is room for more. */
  async receive(content: Buffer): Promise<void> {
    if (this.push(content) || this.destroyed) return
    await new Promise<void>((resolve) => {
      this.#wanted = resolve
    })
  }

  receiveEnd(): void {
    if (!this.readableEnded) this.push(null)
  }

  receiveReset(): void {
    this.#wasReset = true
    this.destroy()
  }

  override _read(): void {
    this.#wanted?.()
    this.#wanted = undefined
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (err?: Error | null) => void): void {
    this.#send(chunk, 0, done)
  }

  override _final(done: (err?: Error | null) => void): void {
    this.#send(Buffer.alloc(0), FIN, done)
  }

  override _destroy(err: Error | null, done: (err?: Error | null) => void): void {
    const isWhole = this.readableEnded && this.writableFinished
    if (!isWhole && !this.#wasReset) this.#reset()
    this._read()
    done(err)
  }
}
