// The same API for people with `curl`: POST JSON to /v3/…, where bytes are base64 and 64-bit integers are strings.
// A call whose answer is a stream sends one line {"result": …} for each message, for as long as the client listens:
//
//     curl --no-buffer http://127.0.0.1:2379/v3/watch --data '{"create_request": {"key": "L2E="}}'
//
// Upstream: grpc-gateway, as etcd configures it.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { MessageType } from '../../../base/protobuf.ts'
import { ROUTES } from './gateway-routes.ts'
import type { ByteCall, Methods } from './grpc-server.ts'
import { GrpcError, type GrpcStatus, grpcStatusOf } from './grpc-status.ts'
import { fromJson, toJson } from './protobuf-json.ts'
import type { StatusPages } from './status-pages.ts'

const MAX_BODY_BYTES = 4 * 1024 * 1024

export async function serveJson(
  { methods, pages }: { methods: Methods; pages: StatusPages },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname: path, searchParams } = new URL(request.url ?? '/', 'http://door')
  const page = pages.get(path)
  if (page) {
    const { status, type, text } = page(searchParams)
    response.writeHead(status, { 'content-type': type }).end(text)
    return
  }
  const found = ROUTES.get(path)
  if (!found) return answer(response, 404, { error: 'Not Found', message: 'Not Found', code: 5 })
  if (request.method !== 'POST') return answer(response, 405, { error: 'Method Not Allowed', code: 12 })
  try {
    const { request: requestType, response: responseType } = found
    const method = methods.get(found.method)
    if (!method) throw new GrpcError('UNIMPLEMENTED', found.method)
    const asked = requestType.encode(fromJson(await readBody(request), requestType))
    if (method.kind === 'stream') {
      const call = new JsonCall(response, responseType)
      method.open(call)
      call.onMessage(asked)
      call.onEnd()
      return
    }
    const bytes = await method.answer(asked)
    answer(response, 200, toJson(responseType.decode(bytes) as Record<string, unknown>, responseType))
  } catch (error) {
    const { code, message } = grpcStatusOf(error)
    answer(response, { 3: 400, 5: 404, 8: 429, 9: 400, 11: 400, 12: 501, 14: 503 }[code] ?? 500, {
      error: message,
      message,
      code,
    })
  }
}

class JsonCall implements ByteCall {
  onMessage: (request: Buffer) => void = () => {}
  onEnd: () => void = () => {}
  onClose: () => void = () => {}
  onDrain: () => void = () => {}
  readonly #response: ServerResponse
  readonly #type: MessageType<object>
  #isEnding = false

  constructor(response: ServerResponse, type: MessageType<object>) {
    this.#response = response
    this.#type = type
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    response.on('close', () => this.onClose())
    response.on('drain', () => this.onDrain())
  }

  get isFull(): boolean {
    return this.#response.writableLength > 256 * 1024
  }

  send(response: Buffer): void {
    const result = toJson(this.#type.decode(response) as Record<string, unknown>, this.#type)
    if (!this.#isEnding) this.#response.write(`${JSON.stringify({ result })}\n`)
  }

  end(status?: GrpcStatus): void {
    if (this.#isEnding) return
    this.#isEnding = true
    const error = status && { grpc_code: status.code, message: status.message }
    this.#response.end(error ? `${JSON.stringify({ error })}\n` : undefined)
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}

/** Lease ids have up to 64 bits, also where they are written as numbers. */
function parseWithIntegers(text: string): unknown {
  return JSON.parse(text, (_key, value, { source = '' }: { source?: string } = {}) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? BigInt(source) : value,
  )
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of request) {
    bytes += piece.length
    if (bytes > MAX_BODY_BYTES) throw new GrpcError('INVALID_ARGUMENT', 'etcdserver: request is too large')
    pieces.push(piece)
  }
  if (bytes === 0) return {}
  try {
    return parseWithIntegers(Buffer.concat(pieces).toString())
  } catch (error) {
    throw new GrpcError('INVALID_ARGUMENT', (error as Error).message)
  }
}
