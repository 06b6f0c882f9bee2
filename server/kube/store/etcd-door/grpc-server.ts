// gRPC over HTTP/2. A call is one stream:
//
//     POST /etcdserverpb.KV/Range       content-type: application/grpc
//     messages, either way:             compressed u8 (0) | length u32, big-endian | message
//     at the end, as trailers:          grpc-status, grpc-message
//
// Written here rather than taken from a library because the store is asked tens of thousands of times a second and
// half of a library's time goes into interceptors, deadlines and retries, which a server of single messages lacks.

import type { MessageType } from '../../../base/protobuf.ts'
import { costOf, type Unfinished } from '../../../base/unfinished.ts'
import { GrpcError, type GrpcStatus, grpcStatusOf, tooManyRequests } from './grpc-status.ts'
import type { Headers } from './http2/header-blocks.ts'
import { type Http2Stream, PackedHeaders } from './http2/stream.ts'

/** etcd's limit of a request, 1.5 MiB, and some for what is around it; as there. */
const MAX_MESSAGE_BYTES = 1.5 * 1024 * 1024 + 512 * 1024
const MESSAGE_HEAD_BYTES = 5
const NOTHING = Buffer.alloc(0)

/** The server's end of a call whose answer is a stream. */
export interface StreamCall<Request, Response> {
  onMessage: (request: Request) => void
  /** The client has no more to say. */
  onEnd: () => void
  /** The call is over, for whatever reason. Always called, once. */
  onClose: () => void
  /** What was sent before `isFull` has gone out. */
  onDrain: () => void
  readonly isFull: boolean
  send(response: Partial<Response>): void
  end(status?: GrpcStatus): void
}

/** The same before it is known which messages go through it. */
export type ByteCall = Omit<StreamCall<Buffer, Buffer>, 'send'> & { send(response: Buffer): void }

export type Method =
  | { kind: 'unary'; answer: (request: Buffer) => Promise<Buffer> }
  | { kind: 'stream'; open: (call: ByteCall) => void }

export type Methods = Map<string, Method>

export function unary<Request extends object, Response extends object>(
  request: MessageType<Request>,
  response: MessageType<Response>,
  answer: (request: Request) => Promise<Partial<Response>>,
): Method {
  return { kind: 'unary', answer: async (bytes) => response.encode(await answer(request.decode(bytes))) }
}

export function streaming<Request extends object, Response extends object>(
  request: MessageType<Request>,
  response: MessageType<Response>,
  open: (call: StreamCall<Request, Response>) => void,
): Method {
  return { kind: 'stream', open: (call) => open(new TypedCall(call, request, response)) }
}

export function isGrpc(headers: Headers): boolean {
  return headers.get('content-type')?.startsWith('application/grpc') ?? false
}

export function serveGrpc(
  { methods, unfinished }: { methods: Methods; unfinished: Unfinished },
  stream: Http2Stream,
  headers: Headers,
): void {
  const path = headers.get(':path') ?? ''
  const method = methods.get(path)
  if (!method) {
    refuse(stream, unknownMethod(methods, path))
  } else if (method.kind === 'unary') {
    serveUnary(method.answer, stream, new MessageReader(unfinished))
  } else {
    method.open(new Http2Call(stream, new MessageReader(unfinished)))
  }
}

function unknownMethod(methods: Methods, path: string): GrpcError {
  const [, service = '', method = ''] = path.split('/')
  const isKnown = [...methods.keys()].some((known) => known.startsWith(`/${service}/`))
  return new GrpcError(
    'UNIMPLEMENTED',
    isKnown ? `unknown method ${method} for service ${service}` : `unknown service ${service}`,
  )
}

function serveUnary(answer: (request: Buffer) => Promise<Buffer>, stream: Http2Stream, messages: MessageReader): void {
  let asked = false
  stream.onData = (chunk) => {
    if (asked) return
    try {
      messages.add(chunk)
      const request = messages.next()
      if (!request) return
      asked = true
      stream.work = answer(request).then(
        (response) => respond(stream, response),
        (error) => refuse(stream, error),
      )
    } catch (error) {
      asked = true
      messages.close()
      refuse(stream, error)
    }
  }
  stream.onClose = () => messages.close()
  stream.onEnd = () => {
    if (!asked) refuse(stream, new GrpcError('INVALID_ARGUMENT', 'no request message'))
  }
}

const RESPONSE_HEADERS = { ':status': '200', 'content-type': 'application/grpc' }
const RESPONSE = new PackedHeaders(RESPONSE_HEADERS)
const SUCCEEDED = new PackedHeaders({ 'grpc-status': '0' })

function respond(stream: Http2Stream, message: Buffer): void {
  stream.respond(RESPONSE)
  stream.write(frame(message))
  stream.end(SUCCEEDED)
}

/** Without any message, the status travels in the headers ("Trailers-Only"). */
function refuse(stream: Http2Stream, error: unknown): void {
  stream.end(new PackedHeaders({ ...RESPONSE_HEADERS, ...statusHeaders(grpcStatusOf(error)) }))
}

function statusHeaders({ code, message }: GrpcStatus): Record<string, string> {
  const escaped = message.replace(/[^\x20-\x24\x26-\x7e]/gu, (character) => encodeURIComponent(character))
  return { 'grpc-status': String(code), ...(message && { 'grpc-message': escaped }) }
}

function frame(message: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(MESSAGE_HEAD_BYTES + message.length)
  framed[0] = 0
  framed.writeUInt32BE(message.length, 1)
  framed.set(message, MESSAGE_HEAD_BYTES)
  return framed
}

/** Puts messages together from however they were cut up: also of a byte in each frame none is copied more than twice. */
export class MessageReader {
  #room: Buffer = NOTHING
  #start = 0
  #end = 0
  readonly #unfinished: Unfinished
  #counted = 0

  constructor(unfinished: Unfinished) {
    this.#unfinished = unfinished
  }

  add(chunk: Buffer): void {
    const length = this.#end - this.#start
    if (length === 0) {
      this.#room = chunk
      this.#start = 0
      this.#end = chunk.length
      return
    }
    if (this.#end + chunk.length > this.#room.length) {
      const larger = Buffer.allocUnsafe(2 * (length + chunk.length))
      this.#room.copy(larger, 0, this.#start, this.#end)
      this.#room = larger
      this.#start = 0
      this.#end = length
    }
    this.#room.set(chunk, this.#end)
    this.#end += chunk.length
  }

  /** Undefined until one is whole. */
  next(): Buffer | undefined {
    const message = this.#cut()
    if (!message && this.#end > this.#start) {
      const more = costOf(this.#room) - this.#counted
      this.#counted += more
      if (!this.#unfinished.take(more)) throw tooManyRequests()
    } else if (this.#counted > 0) {
      this.#giveBack()
    }
    return message
  }

  /** Nothing more is read: what is half here goes. */
  close(): void {
    this.#giveBack()
    this.#room = NOTHING
    this.#start = 0
    this.#end = 0
  }

  #giveBack(): void {
    this.#unfinished.giveBack(this.#counted)
    this.#counted = 0
  }

  #cut(): Buffer | undefined {
    const start = this.#start + MESSAGE_HEAD_BYTES
    if (this.#end < start) return undefined
    if (this.#room[this.#start] !== 0) throw new GrpcError('UNIMPLEMENTED', 'compressed messages are not supported')
    const length = this.#room.readUInt32BE(this.#start + 1)
    if (length > MAX_MESSAGE_BYTES) throw new GrpcError('INVALID_ARGUMENT', 'etcdserver: request is too large')
    if (this.#end < start + length) return undefined
    this.#start = start + length
    return this.#room.subarray(start, this.#start)
  }
}

class TypedCall<Request extends object, Response extends object> implements StreamCall<Request, Response> {
  onMessage: (request: Request) => void = () => {}
  readonly #call: ByteCall
  readonly #response: MessageType<Response>

  constructor(call: ByteCall, request: MessageType<Request>, response: MessageType<Response>) {
    this.#call = call
    this.#response = response
    call.onMessage = (bytes) => this.onMessage(request.decode(bytes))
  }

  set onEnd(run: () => void) {
    this.#call.onEnd = run
  }

  set onClose(run: () => void) {
    this.#call.onClose = run
  }

  set onDrain(run: () => void) {
    this.#call.onDrain = run
  }

  get isFull(): boolean {
    return this.#call.isFull
  }

  send(response: Partial<Response>): void {
    this.#call.send(this.#response.encode(response))
  }

  end(status?: GrpcStatus): void {
    this.#call.end(status)
  }
}

class Http2Call implements ByteCall {
  onMessage: (request: Buffer) => void = () => {}
  onEnd: () => void = () => {}
  onClose: () => void = () => {}
  onDrain: () => void = () => {}
  readonly #stream: Http2Stream

  constructor(stream: Http2Stream, messages: MessageReader) {
    this.#stream = stream
    stream.respond(RESPONSE)
    stream.onData = (chunk) => {
      try {
        messages.add(chunk)
        for (let next = messages.next(); next; next = messages.next()) this.onMessage(next)
      } catch (error) {
        messages.close()
        this.end(grpcStatusOf(error))
      }
    }
    stream.onEnd = () => this.onEnd()
    stream.onClose = () => {
      messages.close()
      this.onClose()
    }
    stream.onDrain = () => this.onDrain()
  }

  get isFull(): boolean {
    return this.#stream.isFull
  }

  send(response: Buffer): void {
    this.#stream.write(frame(response))
  }

  end(status?: GrpcStatus): void {
    this.#stream.end(status ? new PackedHeaders(statusHeaders(status)) : SUCCEEDED)
  }
}
