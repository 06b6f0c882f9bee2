// The same API for people with `curl`: POST JSON to /v3/…, where bytes are base64 and 64-bit integers are strings.
// A call whose answer is a stream sends one line {"result": …} for each message, for as long as the client listens:
//
//     curl --no-buffer http://127.0.0.1:2379/v3/watch --data '{"create_request": {"key": "L2E="}}'
//
// Upstream: grpc-gateway, as etcd configures it.

import type { MessageType } from '../../../base/protobuf.ts'
import { BodyTooLargeError, type Exchange } from './exchange.ts'
import { ROUTES } from './gateway-routes.ts'
import type { ByteCall, Methods } from './grpc-server.ts'
import { GrpcError, type GrpcStatus, grpcStatusOf } from './grpc-status.ts'
import { fromJson, toJson } from './protobuf-json.ts'
import type { StatusPages } from './status-pages.ts'

export async function serveJson(
  { methods, pages }: { methods: Methods; pages: StatusPages },
  exchange: Exchange,
): Promise<void> {
  const url = URL.parse(`http://door${exchange.path}`)
  const page = url && pages.get(url.pathname)
  if (page) {
    const { status, type, text } = page(url.searchParams)
    exchange.answer(status, type, text)
    return
  }
  const found = url && ROUTES.get(url.pathname)
  if (!found) return answer(exchange, 404, { error: 'Not Found', message: 'Not Found', code: 5 })
  if (exchange.method !== 'POST') return answer(exchange, 405, { error: 'Method Not Allowed', code: 12 })
  try {
    const { request: requestType, response: responseType } = found
    const method = methods.get(found.method)
    if (!method) throw new GrpcError('UNIMPLEMENTED', found.method)
    const asked = requestType.encode(fromJson(await readBody(exchange), requestType))
    if (method.kind === 'stream') {
      const call = new JsonCall(exchange, responseType)
      method.open(call)
      call.onMessage(asked)
      call.onEnd()
      return
    }
    const bytes = await method.answer(asked)
    answer(exchange, 200, toJson(responseType.decode(bytes) as Record<string, unknown>, responseType))
  } catch (error) {
    const { code, message } = grpcStatusOf(error)
    answer(exchange, { 3: 400, 5: 404, 8: 429, 9: 400, 11: 400, 12: 501, 14: 503 }[code] ?? 500, {
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
  readonly #exchange: Exchange
  readonly #type: MessageType<object>
  #isEnding = false

  constructor(exchange: Exchange, type: MessageType<object>) {
    this.#exchange = exchange
    this.#type = type
    exchange.begin('application/json')
    exchange.onClose(() => this.onClose())
    exchange.onDrain(() => this.onDrain())
  }

  get isFull(): boolean {
    return this.#exchange.isFull
  }

  send(response: Buffer): void {
    const result = toJson(this.#type.decode(response) as Record<string, unknown>, this.#type)
    if (!this.#isEnding) this.#exchange.write(`${JSON.stringify({ result })}\n`)
  }

  end(status?: GrpcStatus): void {
    if (this.#isEnding) return
    this.#isEnding = true
    const error = status && { grpc_code: status.code, message: status.message }
    this.#exchange.end(error ? `${JSON.stringify({ error })}\n` : undefined)
  }
}

function answer(exchange: Exchange, status: number, body: object): void {
  exchange.answer(status, 'application/json', `${JSON.stringify(body)}\n`)
}

/** Lease ids have up to 64 bits, also where they are written as numbers. */
function parseWithIntegers(text: string): unknown {
  return JSON.parse(text, (_key, value, { source = '' }: { source?: string } = {}) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? BigInt(source) : value,
  )
}

async function readBody(exchange: Exchange): Promise<unknown> {
  try {
    const bytes = await exchange.body()
    return bytes.length === 0 ? {} : parseWithIntegers(bytes.toString())
  } catch (error) {
    if (error instanceof BodyTooLargeError) throw new GrpcError('INVALID_ARGUMENT', 'etcdserver: request is too large')
    if (error instanceof GrpcError) throw error
    throw new GrpcError('INVALID_ARGUMENT', (error as Error).message)
  }
}
