// One HTTP/2 connection to a gRPC server, as cheap as it can be: no object for a stream but a callback, no waiting but
// for room on the connection. Answers are expected to be small, as the requests are.

import { connect, type Socket } from 'node:net'
import {
  FLAGS,
  FRAMES,
  type Frame,
  FrameReader,
  FrameWriter,
  settings,
  u32,
} from '../../server/kube/store/etcd-door/http2/frames.ts'

const WINDOW = 2 ** 31 - 1
const DEFAULT_WINDOW = 65_535
const MESSAGE_HEAD_BYTES = 5

const FIELDS = {
  ':authority': '127.0.0.1',
  'content-type': 'application/grpc',
  'user-agent': 'podium-bench',
  te: 'trailers',
}
/** `:method: POST` and `:scheme: http`, by their numbers. */
const POST_HTTP = Buffer.from([0x83, 0x86])
const FIRST_REMEMBERED = 62
const text = (value: string) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)])

interface Call {
  message: Buffer | undefined
  resolve: (message: Buffer) => void
  reject: (error: Error) => void
}

export class GrpcConnection {
  readonly #socket: Socket
  readonly #reader = new FrameReader('server')
  readonly #writer: FrameWriter
  readonly #calls = new Map<number, Call>()
  /** Requests for which the server has no room yet. */
  readonly #waiting: { stream: number; message: Buffer }[] = []
  readonly #remembered: string[] = []
  readonly #packed = new Map<string, Buffer>()
  #newest = -1
  #room = DEFAULT_WINDOW
  #received = 0

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1')
    this.#socket.setNoDelay(true)
    this.#writer = new FrameWriter((bytes) => this.#socket.write(bytes))
    this.#socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    this.#writer.write(FRAMES.SETTINGS, 0, 0, settings({ INITIAL_WINDOW_SIZE: WINDOW }))
    this.#writer.write(FRAMES.WINDOW_UPDATE, 0, 0, u32(WINDOW - DEFAULT_WINDOW))
    this.#socket.on('data', (chunk) => this.#reader.read(chunk, (frame) => this.#take(frame)))
    this.#socket.on('close', () => {
      for (const call of this.#calls.values()) call.reject(new Error('the connection is gone'))
    })
  }

  call(path: string, message: Buffer): Promise<Buffer> {
    this.#newest += 2
    const stream = this.#newest
    const framed = Buffer.allocUnsafe(MESSAGE_HEAD_BYTES + message.length)
    framed[0] = 0
    framed.writeUInt32BE(message.length, 1)
    framed.set(message, MESSAGE_HEAD_BYTES)
    return new Promise((resolve, reject) => {
      this.#calls.set(stream, { message: undefined, resolve, reject })
      this.#writer.write(FRAMES.HEADERS, FLAGS.END_HEADERS, stream, this.#headers(path))
      this.#waiting.push({ stream, message: framed })
      this.#send()
    })
  }

  /** The first time the server is asked to remember a field; from then on it is a byte. */
  #headers(path: string): Buffer {
    const known = this.#packed.get(path)
    if (known) return known
    this.#packed.clear() // what is remembered gets other numbers with each field that is new
    const fields = { ':path': path, ...FIELDS }
    const isNew = Object.entries(fields).some((field) => !this.#remembered.includes(field.join()))
    const pieces = Object.entries(fields).map(([name, value]) => {
      const at = this.#remembered.indexOf([name, value].join())
      if (at >= 0) return Buffer.from([0x80 | (FIRST_REMEMBERED + this.#remembered.length - 1 - at)])
      this.#remembered.push([name, value].join())
      return Buffer.concat([Buffer.from([0x40]), text(name), text(value)])
    })
    const packed = Buffer.concat([POST_HTTP, ...pieces])
    if (!isNew) this.#packed.set(path, packed)
    return packed
  }

  #send(): void {
    for (let next = this.#waiting[0]; next && next.message.length <= this.#room; next = this.#waiting[0]) {
      this.#waiting.shift()
      this.#room -= next.message.length
      this.#writer.write(FRAMES.DATA, FLAGS.END_STREAM, next.stream, next.message)
    }
  }

  #take({ type, flags, stream, payload }: Frame): void {
    if (type === FRAMES.DATA) {
      this.#grant(payload.length)
      const call = this.#calls.get(stream)
      if (call) call.message = call.message ? Buffer.concat([call.message, payload]) : payload
    } else if (type === FRAMES.HEADERS) {
      if (flags & FLAGS.END_STREAM) this.#end(stream)
    } else if (type === FRAMES.WINDOW_UPDATE && stream === 0) {
      this.#room += payload.readUInt32BE(0)
      this.#send()
    } else if (type === FRAMES.SETTINGS || type === FRAMES.PING) {
      if (!(flags & FLAGS.ACK)) this.#writer.write(type, FLAGS.ACK, 0, type === FRAMES.PING ? payload : Buffer.alloc(0))
    } else if (type === FRAMES.GOAWAY || type === FRAMES.RST_STREAM) {
      this.#socket.destroy(new Error('the server hangs up'))
    }
  }

  #grant(bytes: number): void {
    this.#received += bytes
    if (this.#received < WINDOW / 2) return
    this.#writer.write(FRAMES.WINDOW_UPDATE, 0, 0, u32(this.#received))
    this.#received = 0
  }

  /** A status that is not OK comes without any message: all answers of this bench have one. */
  #end(stream: number): void {
    const call = this.#calls.get(stream)
    this.#calls.delete(stream)
    if (call?.message) call.resolve(call.message.subarray(MESSAGE_HEAD_BYTES))
    else call?.reject(new Error('the server refuses'))
  }
}
