// The same API for people with `curl`: POST JSON to /v3/…, where bytes are base64 and 64-bit integers are strings.
// A call whose answer is a stream sends one line {"result": …} for each message, for as long as the client listens:
//
//     curl --no-buffer http://127.0.0.1:2379/v3/watch --data '{"create_request": {"key": "L2E="}}'
//
// Upstream: grpc-gateway, as etcd configures it.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Store } from '../store-interface.ts'
import type { ByteCall, Methods } from './grpc-server.ts'
import { GrpcError, type GrpcStatus, grpcStatusOf } from './grpc-status.ts'
import { ETCD_VERSION } from './maintenance.ts'
import * as messages from './messages.ts'
import type { Field, MessageType } from './protobuf.ts'

type Route = [grpcMethod: string, request: MessageType<object>, response: MessageType<object>]

const route = <Q extends object, A extends object>(
  name: string,
  request: MessageType<Q>,
  response: MessageType<A>,
): Route => [
  `/etcdserverpb.${name}`,
  request as unknown as MessageType<object>,
  response as unknown as MessageType<object>,
]

const ROUTES: Record<string, Route> = {
  '/v3/kv/range': route('KV/Range', messages.RangeRequest, messages.RangeResponse),
  '/v3/kv/put': route('KV/Put', messages.PutRequest, messages.PutResponse),
  '/v3/kv/deleterange': route('KV/DeleteRange', messages.DeleteRangeRequest, messages.DeleteRangeResponse),
  '/v3/kv/txn': route('KV/Txn', messages.TxnRequest, messages.TxnResponse),
  '/v3/kv/compaction': route('KV/Compact', messages.CompactionRequest, messages.CompactionResponse),
  '/v3/lease/grant': route('Lease/LeaseGrant', messages.LeaseGrantRequest, messages.LeaseGrantResponse),
  '/v3/lease/revoke': route('Lease/LeaseRevoke', messages.LeaseRevokeRequest, messages.LeaseRevokeResponse),
  '/v3/lease/timetolive': route(
    'Lease/LeaseTimeToLive',
    messages.LeaseTimeToLiveRequest,
    messages.LeaseTimeToLiveResponse,
  ),
  '/v3/lease/leases': route('Lease/LeaseLeases', messages.LeaseLeasesRequest, messages.LeaseLeasesResponse),
  '/v3/lease/keepalive': route('Lease/LeaseKeepAlive', messages.LeaseKeepAliveRequest, messages.LeaseKeepAliveResponse),
  '/v3/watch': route('Watch/Watch', messages.WatchRequest, messages.WatchResponse),
  '/v3/maintenance/snapshot': route('Maintenance/Snapshot', messages.SnapshotRequest, messages.SnapshotResponse),
  '/v3/cluster/member/list': route('Cluster/MemberList', messages.MemberListRequest, messages.MemberListResponse),
  '/v3/maintenance/status': route('Maintenance/Status', messages.StatusRequest, messages.StatusResponse),
  '/v3/maintenance/defragment': route(
    'Maintenance/Defragment',
    messages.DefragmentRequest,
    messages.DefragmentResponse,
  ),
}

const MAX_BODY_BYTES = 4 * 1024 * 1024

export async function serveJson(
  { store, methods }: { store: Store; methods: Methods },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://door').pathname
  if (path === '/health') {
    const { failure } = store.status()
    return answer(response, failure ? 503 : 200, { health: String(!failure), reason: failure?.message ?? '' })
  }
  if (path === '/version') return answer(response, 200, { etcdserver: ETCD_VERSION, etcdcluster: '3.5.0' })
  const found = ROUTES[path]
  if (!found) return answer(response, 404, { error: 'Not Found', message: 'Not Found', code: 5 })
  if (request.method !== 'POST') return answer(response, 405, { error: 'Method Not Allowed', code: 12 })
  try {
    const [name, requestType, responseType] = found
    const method = methods.get(name)
    if (!method) throw new GrpcError('UNIMPLEMENTED', name)
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
    answer(response, { 3: 400, 5: 404, 9: 400, 11: 400, 12: 501, 14: 503 }[code] ?? 500, {
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
    return JSON.parse(Buffer.concat(pieces).toString())
  } catch (error) {
    throw new GrpcError('INVALID_ARGUMENT', (error as Error).message)
  }
}

const invalid = (name: string, value: unknown) =>
  new GrpcError('INVALID_ARGUMENT', `invalid value for ${name}: ${JSON.stringify(value)}`)

function fromJson(json: unknown, type: MessageType<object>): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw invalid('message', json)
  const content: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(json)) {
    const field = fieldNamed(type, name)
    if (!field) throw new GrpcError('INVALID_ARGUMENT', `unknown field "${name}"`)
    if (value === null) continue
    const [wireName, { repeated, ...one }] = field
    if (repeated && !Array.isArray(value)) throw invalid(name, value)
    content[wireName] = repeated
      ? (value as unknown[]).map((item) => valueFromJson(item, one, name))
      : valueFromJson(value, one, name)
  }
  return content
}

/** Either as in the protocol (`range_end`) or in camel case (`rangeEnd`), as proto3's JSON allows. */
function fieldNamed(type: MessageType<object>, name: string): [string, Field] | undefined {
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  for (const known of [name, snake]) if (Object.hasOwn(type.fields, known)) return [known, type.fields[known] as Field]
  return undefined
}

function valueFromJson(value: unknown, { type, names }: Omit<Field, 'repeated'>, name: string): unknown {
  switch (type) {
    case 'bytes':
      if (typeof value !== 'string') throw invalid(name, value)
      return Buffer.from(value, 'base64')
    case 'string':
      if (typeof value !== 'string') throw invalid(name, value)
      return value
    case 'bool':
      if (typeof value !== 'boolean') throw invalid(name, value)
      return value
    case 'int': {
      const number = names?.includes(value as string) ? names.indexOf(value as string) : Number(value)
      if (!Number.isSafeInteger(number) || value === '') throw invalid(name, value)
      return number
    }
    default:
      return fromJson(value, type())
  }
}

function toJson(content: Record<string, unknown>, type: MessageType<object>): Record<string, unknown> {
  const json: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(type.fields)) {
    const value = content[name]
    if (value === undefined) continue
    if (field.repeated) {
      const items = value as unknown[]
      if (items.length > 0) json[name] = items.map((item) => valueToJson(item, field))
    } else if (!isZero(value)) json[name] = valueToJson(value, field)
  }
  return json
}

function isZero(value: unknown): boolean {
  return value === 0 || value === false || value === '' || (Buffer.isBuffer(value) && value.length === 0)
}

function valueToJson(value: unknown, { type, names }: Field): unknown {
  if (type === 'bytes') return (value as Buffer).toString('base64')
  if (type === 'int') return names?.[value as number] ?? String(value)
  return typeof type === 'function' ? toJson(value as Record<string, unknown>, type()) : value
}
