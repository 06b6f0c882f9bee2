// A server's end of an HTTP/2 connection (RFC 9113), as much of it as gRPC needs: no pushes, no priorities, no
// upgrades. Why it is written here: decision 0063.
//
//     bytes ─► FrameReader ─► by type ─► a stream's onData … answers ─► Http2Stream ─► FrameWriter ─► bytes
//                                                                 └ waits here while the client has no room for it

import type { Socket } from 'node:net'
import type { Taker, Unread } from '../../../../base/unread.ts'
import {
  ConnectionError,
  ERRORS,
  FLAGS,
  FRAMES,
  type Frame,
  FrameReader,
  FrameWriter,
  MAX_FRAME_BYTES,
  SETTINGS,
  settings,
  u32,
  withoutPadding,
} from './frames.ts'
import { HeaderBlocks, type Headers } from './header-blocks.ts'
import { MAX_HEADER_LIST_BYTES } from './hpack.ts'
import { ReceiveWindow } from './receive-window.ts'
import { type Carrier, Http2Stream } from './stream.ts'

/** What HTTP/2 lets everybody send before anything else is said. */
const DEFAULT_WINDOW = 65_535
const LARGEST_WINDOW = 2 ** 31 - 1
/** What we let a client send on a stream and in all. */
const STREAM_WINDOW = 1024 * 1024
const CONNECTION_WINDOW = 16 * 1024 * 1024
/** Requests of one client that are being answered, also those that it has broken off. */
const MAX_STREAMS = 10_000
/** Sent and not read. Contents wait in their streams, so this can only be heads, and answers to pings. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024

export type ServeStream = (stream: Http2Stream, headers: Headers) => void

interface Open {
  stream: Http2Stream
  /** The client has no more to say. */
  isHeard: boolean
  window: ReceiveWindow
}

export class Http2Connection implements Carrier, Taker {
  readonly #socket: Socket
  readonly #serve: ServeStream
  readonly #unread: Unread
  readonly #frames = new FrameReader()
  readonly #headers = new HeaderBlocks()
  readonly #writer: FrameWriter
  readonly #window = new ReceiveWindow(CONNECTION_WINDOW)
  readonly #open = new Map<number, Open>()
  /** In the order in which they came to wait. */
  readonly #waiting = new Set<Http2Stream>()
  /** Waits in streams. */
  #held = 0
  /** Broken off by the client, and still being worked on. */
  #brokenOff = 0
  #newest = 0
  #room = DEFAULT_WINDOW
  #streamRoom = DEFAULT_WINDOW
  #isBlocked = false
  #isOver = false

  constructor(socket: Socket, serve: ServeStream, unread: Unread) {
    this.#socket = socket
    this.#serve = serve
    this.#unread = unread
    this.#writer = new FrameWriter((bytes) => this.#send(bytes))
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('drain', () => {
      this.#isBlocked = false
      this.#pump()
    })
    socket.on('error', () => {}) // the client went away; 'close' follows
    socket.on('close', () => this.#end())
    const own = {
      MAX_CONCURRENT_STREAMS: MAX_STREAMS,
      INITIAL_WINDOW_SIZE: STREAM_WINDOW,
      MAX_HEADER_LIST_SIZE: MAX_HEADER_LIST_BYTES,
    }
    this.#writer.write(FRAMES.SETTINGS, 0, 0, settings(own))
    this.#grant(0, CONNECTION_WINDOW - DEFAULT_WINDOW)
  }

  /** Says goodbye and hangs up. */
  close(): void {
    this.#hangUp(ERRORS.NO_ERROR)
  }

  get room(): number {
    return this.#isBlocked ? 0 : Math.min(this.#room, MAX_FRAME_BYTES)
  }

  waitForRoom(stream: Http2Stream): void {
    this.#waiting.add(stream)
  }

  sendHeaders(id: number, block: Buffer, isLast: boolean): void {
    const end = isLast ? FLAGS.END_STREAM : 0
    for (let at = 0; at === 0 || at < block.length; at += MAX_FRAME_BYTES) {
      const piece = block.subarray(at, at + MAX_FRAME_BYTES)
      const isWhole = at + piece.length === block.length
      const flags = (at === 0 ? end : 0) | (isWhole ? FLAGS.END_HEADERS : 0)
      this.#writer.write(at === 0 ? FRAMES.HEADERS : FRAMES.CONTINUATION, flags, id, piece)
    }
  }

  sendData(id: number, piece: Buffer, isLast: boolean): void {
    this.#room -= piece.length
    this.#writer.write(FRAMES.DATA, isLast ? FLAGS.END_STREAM : 0, id, piece)
  }

  hold(bytes: number): void {
    this.#held += bytes
    if (bytes > 0) this.#unread.note(this)
  }

  get writableLength(): number {
    return this.#held + this.#socket.writableLength
  }

  destroy(): void {
    this.#socket.destroy()
    this.#end()
  }

  once(event: 'close', run: () => void): void {
    this.#socket.once(event, run)
  }

  finish(id: number): void {
    const open = this.#open.get(id)
    open?.stream.close()
    // Else it stays until the client has said all it wanted to say, to nobody. Node's client waits for ever for a
    // request that is broken off without an error before it was sent.
    if (open?.isHeard) this.#open.delete(id)
  }

  #send(bytes: Buffer): void {
    if (this.#isOver) return
    if (!this.#socket.write(bytes)) this.#isBlocked = true
    if (this.#socket.writableLength > MAX_UNREAD_BYTES) this.#socket.destroy()
  }

  #pump(): void {
    // Who takes the last of the room waits again, behind all others.
    for (const stream of this.#waiting) {
      if (this.room === 0) return
      this.#waiting.delete(stream)
      stream.pump()
    }
  }

  #receive(chunk: Buffer): void {
    if (this.#isOver) return
    try {
      this.#frames.read(chunk, (frame) => this.#take(frame))
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error
      this.#hangUp(error.code)
    }
  }

  #take(frame: Frame): void {
    if (this.#isOver) return
    this.#headers.check(frame)
    switch (frame.type) {
      case FRAMES.DATA:
        this.#takeData(frame)
        break
      case FRAMES.HEADERS:
      case FRAMES.CONTINUATION:
        this.#takeHeaders(frame)
        break
      case FRAMES.RST_STREAM:
        expectLength(frame, 4)
        this.#breakOff(this.#known(frame.stream))
        break
      case FRAMES.SETTINGS:
        this.#takeSettings(frame)
        break
      case FRAMES.PING:
        expectLength(frame, 8)
        if (!(frame.flags & FLAGS.ACK)) this.#writer.write(FRAMES.PING, FLAGS.ACK, 0, frame.payload)
        break
      case FRAMES.WINDOW_UPDATE:
        this.#takeWindow(frame)
        break
      case FRAMES.PUSH_PROMISE:
        throw new ConnectionError('PROTOCOL_ERROR', 'clients push nothing')
      default:
      // Priorities, goodbyes (the client ends its streams as it likes), and what is not known yet.
    }
  }

  #takeHeaders(frame: Frame): void {
    if (frame.stream % 2 === 0) throw new ConnectionError('PROTOCOL_ERROR', 'not a stream that a client opens')
    const block = this.#headers.take(frame)
    if (!block) return
    const open = this.#open.get(block.stream)
    if (open) {
      if (open.isHeard || !block.isLast) throw new ConnectionError('PROTOCOL_ERROR', 'headers out of place')
      open.isHeard = true
      this.#heard(open.stream)
    } else if (block.stream > this.#newest) this.#begin(block.stream, block.headers, block.isLast)
    // Else trailers of a stream that is over.
  }

  #begin(id: number, headers: Headers, isLast: boolean): void {
    this.#newest = id
    if (this.#open.size + this.#brokenOff >= MAX_STREAMS) {
      this.#reset(id, 'REFUSED_STREAM')
    } else if (!headers.has(':method') || !headers.has(':path')) {
      this.#reset(id, 'PROTOCOL_ERROR')
    } else {
      const open = {
        stream: new Http2Stream(id, this, this.#streamRoom),
        isHeard: isLast,
        window: new ReceiveWindow(STREAM_WINDOW),
      }
      this.#open.set(id, open)
      this.#serve(open.stream, headers)
      if (isLast) this.#heard(open.stream)
    }
  }

  #takeData(frame: Frame): void {
    this.#grant(0, this.#window.take(frame.payload.length))
    const open = this.#open.get(this.#known(frame.stream))
    if (!open) return // it was broken off
    if (open.isHeard) throw new ConnectionError('STREAM_CLOSED', 'more than the whole request')
    open.isHeard = Boolean(frame.flags & FLAGS.END_STREAM)
    const more = open.window.take(frame.payload.length)
    if (!open.isHeard) this.#grant(frame.stream, more)
    const content = withoutPadding(frame)
    if (content.length > 0) open.stream.onData(content)
    if (open.isHeard) this.#heard(open.stream)
  }

  #heard(stream: Http2Stream): void {
    stream.onEnd()
    if (stream.isOver) this.#open.delete(stream.id)
  }

  #grant(stream: number, bytes: number): void {
    if (bytes > 0) this.#writer.write(FRAMES.WINDOW_UPDATE, 0, stream, u32(bytes))
  }

  #takeSettings(frame: Frame): void {
    if (frame.flags & FLAGS.ACK) return
    if (frame.stream !== 0 || frame.payload.length % 6 !== 0) throw new ConnectionError('FRAME_SIZE_ERROR', 'settings')
    // The last one counts, for all streams at once: a frame has place for thousands.
    let room = this.#streamRoom
    for (let at = 0; at < frame.payload.length; at += 6) {
      if (frame.payload.readUInt16BE(at) !== SETTINGS.INITIAL_WINDOW_SIZE) continue
      room = frame.payload.readUInt32BE(at + 2)
      if (room > LARGEST_WINDOW) throw new ConnectionError('FLOW_CONTROL_ERROR', 'a window is too large')
    }
    const more = room - this.#streamRoom
    this.#streamRoom = room
    if (more !== 0) for (const { stream } of this.#open.values()) this.#addRoom(stream, more)
    this.#writer.write(FRAMES.SETTINGS, FLAGS.ACK, 0, Buffer.alloc(0))
  }

  #takeWindow(frame: Frame): void {
    expectLength(frame, 4)
    const more = frame.payload.readUInt32BE(0) & LARGEST_WINDOW
    if (more === 0) throw new ConnectionError('PROTOCOL_ERROR', 'room for nothing')
    if (frame.stream === 0) {
      this.#room += more
      if (this.#room > LARGEST_WINDOW) throw new ConnectionError('FLOW_CONTROL_ERROR', 'a window is too large')
      this.#pump()
      return
    }
    const open = this.#open.get(this.#known(frame.stream))
    if (open) this.#addRoom(open.stream, more)
  }

  #addRoom(stream: Http2Stream, more: number): void {
    if (stream.addRoom(more) > LARGEST_WINDOW) throw new ConnectionError('FLOW_CONTROL_ERROR', 'a window is too large')
    if (!this.#waiting.has(stream)) stream.pump()
  }

  /** One that is open or has been. */
  #known(stream: number): number {
    if (stream === 0 || stream > this.#newest) throw new ConnectionError('PROTOCOL_ERROR', 'no such stream')
    return stream
  }

  #reset(id: number, code: keyof typeof ERRORS): void {
    this.#writer.write(FRAMES.RST_STREAM, 0, id, u32(ERRORS[code]))
  }

  #breakOff(id: number): void {
    const work = this.#open.get(id)?.stream.work
    if (work) {
      this.#brokenOff++
      void work.finally(() => this.#brokenOff--)
    }
    this.#close(id)
  }

  #close(id: number): void {
    const open = this.#open.get(id)
    if (!open) return
    this.#open.delete(id)
    this.#waiting.delete(open.stream)
    open.stream.close()
  }

  #hangUp(code: number): void {
    if (this.#isOver) return
    this.#writer.write(FRAMES.GOAWAY, 0, 0, u32(this.#newest, code))
    this.#writer.flush()
    this.#socket.destroySoon()
    this.#end()
  }

  #end(): void {
    this.#isOver = true
    for (const id of [...this.#open.keys()]) this.#close(id)
  }
}

function expectLength({ payload }: Frame, bytes: number): void {
  if (payload.length !== bytes) throw new ConnectionError('FRAME_SIZE_ERROR', 'not as long as it should be')
}
