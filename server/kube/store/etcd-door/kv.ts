// etcdserverpb.KV. Upstream: etcdserver/api/v3rpc/key.go, etcdserver/apply.

import type { Compare, KeyValue, Operation, OperationResponse, Store } from '../store-interface.ts'
import { type Method, unary } from './grpc-server.ts'
import { GrpcError } from './grpc-status.ts'
import {
  CompactionRequest,
  CompactionResponse,
  type CompareRequest,
  DeleteRangeRequest,
  DeleteRangeResponse,
  PutRequest,
  PutResponse,
  RANGE_ORDERS,
  RANGE_TARGETS,
  RangeRequest,
  RangeResponse,
  type RequestOp,
  type ResponseOp,
  TxnRequest,
  TxnResponse,
} from './messages.ts'
import { headerAt, headerOf, keyFromWire, kvToWire, rangeEndFromWire } from './wire.ts'

export function kvMethods(store: Store): [string, Method][] {
  return [
    ['/etcdserverpb.KV/Range', unary(RangeRequest, RangeResponse, (request) => range(store, request))],
    ['/etcdserverpb.KV/Put', unary(PutRequest, PutResponse, (request) => put(store, request))],
    [
      '/etcdserverpb.KV/DeleteRange',
      unary(DeleteRangeRequest, DeleteRangeResponse, (request) => deleteRange(store, request)),
    ],
    ['/etcdserverpb.KV/Txn', unary(TxnRequest, TxnResponse, (request) => txn(store, request))],
    [
      '/etcdserverpb.KV/Compact',
      unary(CompactionRequest, CompactionResponse, async ({ revision, physical }) => {
        await store.compact(revision)
        if (physical) await store.defragment()
        return { header: headerOf(store) }
      }),
    ],
  ]
}

async function range(store: Store, request: RangeRequest) {
  const { revision, ...found } = await store.range(rangeFromWire(request))
  return { header: headerAt(revision), ...shapeRange(request, found) }
}

async function put(store: Store, request: PutRequest) {
  const { revision, responses } = await store.txn({ compare: [], success: [putFromWire(request)], failure: [] })
  return { header: headerAt(revision), ...responseToWire(responses[0] as OperationResponse).response_put }
}

async function deleteRange(store: Store, request: DeleteRangeRequest) {
  const { revision, responses } = await store.txn({ compare: [], success: [deleteFromWire(request)], failure: [] })
  return { header: headerAt(revision), ...responseToWire(responses[0] as OperationResponse).response_delete_range }
}

async function txn(store: Store, request: TxnRequest): Promise<TxnResponse> {
  const { succeeded, revision, responses } = await store.txn(txnFromWire(request))
  const asked = succeeded ? request.success : request.failure
  return {
    header: headerAt(revision),
    succeeded,
    responses: responses.map((response, index) => responseToWire(response, asked[index])),
  }
}

function txnFromWire(request: TxnRequest) {
  return {
    compare: request.compare.map(compareFromWire),
    success: request.success.map(operationFromWire),
    failure: request.failure.map(operationFromWire),
  }
}

function operationFromWire(operation: RequestOp): Operation {
  if (operation.request_range) return { type: 'range', ...rangeFromWire(operation.request_range) }
  if (operation.request_put) return putFromWire(operation.request_put)
  if (operation.request_delete_range) return deleteFromWire(operation.request_delete_range)
  if (operation.request_txn) return { type: 'txn', ...txnFromWire(operation.request_txn) }
  throw new GrpcError('INVALID_ARGUMENT', 'etcdserver: key not found')
}

function putFromWire(request: PutRequest): Operation {
  return {
    type: 'put',
    key: keyFromWire(request.key),
    value: request.value,
    lease: request.lease,
    prevKv: request.prev_kv,
    ignoreValue: request.ignore_value,
    ignoreLease: request.ignore_lease,
  }
}

function deleteFromWire(request: DeleteRangeRequest): Operation {
  return {
    type: 'delete',
    key: keyFromWire(request.key),
    ...rangeEndFromWire(request.range_end),
    prevKv: request.prev_kv,
  }
}

function compareFromWire(request: CompareRequest): Compare {
  const target = (['version', 'create', 'mod', 'value', 'lease'] as const)[request.target]
  const result = (['=', '>', '<', '!='] as const)[request.result]
  if (!target || !result) throw new GrpcError('INVALID_ARGUMENT', 'etcdserver: unknown comparison')
  const value = {
    version: request.version ?? 0,
    create: request.create_revision ?? 0,
    mod: request.mod_revision ?? 0,
    value: request.value ?? Buffer.alloc(0),
    lease: request.lease ?? 0n,
  }[target]
  return { key: keyFromWire(request.key), ...rangeEndFromWire(request.range_end), target, result, value }
}

function rangeFromWire(request: RangeRequest) {
  if (!RANGE_ORDERS[request.sort_order] || !RANGE_TARGETS[request.sort_target]) {
    throw new GrpcError('INVALID_ARGUMENT', 'etcdserver: invalid sort option')
  }
  return {
    key: keyFromWire(request.key),
    ...rangeEndFromWire(request.range_end),
    revision: request.revision,
    // What has to be sifted or sorted first has to be read whole.
    limit: needsShaping(request) ? 0 : request.limit,
    keysOnly: request.keys_only && RANGE_TARGETS[request.sort_target] !== 'VALUE',
    countOnly: request.count_only,
  }
}

function needsShaping(request: RangeRequest): boolean {
  const { min_mod_revision, max_mod_revision, min_create_revision, max_create_revision } = request
  const isSifted = min_mod_revision || max_mod_revision || min_create_revision || max_create_revision
  return Boolean(isSifted) || request.sort_target > 0 || RANGE_ORDERS[request.sort_order] === 'DESCEND'
}

interface Found {
  kvs: KeyValue[]
  count: number
  more: boolean
}

function shapeRange(request: RangeRequest | undefined, found: Found) {
  let { kvs, more } = found
  if (request && needsShaping(request)) {
    kvs = kvs.filter((kv) => isWithin(request, kv)).sort(orderOf(request))
    if (request.limit > 0 && kvs.length > request.limit) {
      kvs = kvs.slice(0, request.limit)
      more = true
    }
    if (request.keys_only) kvs = kvs.map((kv) => ({ ...kv, value: Buffer.alloc(0) }))
  }
  return { kvs: kvs.map(kvToWire), count: found.count, more }
}

function isWithin(request: RangeRequest, kv: KeyValue): boolean {
  const { min_mod_revision, max_mod_revision, min_create_revision, max_create_revision } = request
  return (
    kv.modRevision >= min_mod_revision &&
    (max_mod_revision === 0 || kv.modRevision <= max_mod_revision) &&
    kv.createRevision >= min_create_revision &&
    (max_create_revision === 0 || kv.createRevision <= max_create_revision)
  )
}

function orderOf(request: RangeRequest): (a: KeyValue, b: KeyValue) => number {
  const compare = {
    KEY: (a: KeyValue, b: KeyValue) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0),
    VERSION: (a: KeyValue, b: KeyValue) => a.version - b.version,
    CREATE: (a: KeyValue, b: KeyValue) => a.createRevision - b.createRevision,
    MOD: (a: KeyValue, b: KeyValue) => a.modRevision - b.modRevision,
    VALUE: (a: KeyValue, b: KeyValue) => Buffer.compare(a.value, b.value),
  }[RANGE_TARGETS[request.sort_target] ?? 'KEY']
  return RANGE_ORDERS[request.sort_order] === 'DESCEND' ? (a, b) => compare(b, a) : compare
}

function responseToWire(response: OperationResponse, asked?: RequestOp): ResponseOp {
  switch (response.type) {
    case 'range':
      return { response_range: shapeRange(asked?.request_range, response) }
    case 'put':
      return { response_put: { prev_kv: response.prevKv && kvToWire(response.prevKv) } }
    case 'delete':
      return { response_delete_range: { deleted: response.deleted, prev_kvs: response.prevKvs.map(kvToWire) } }
    case 'txn': {
      const { succeeded } = response
      const inner = succeeded ? asked?.request_txn?.success : asked?.request_txn?.failure
      const responses = response.responses.map((each, index) => responseToWire(each, inner?.[index]))
      return { response_txn: { succeeded, responses } }
    }
  }
}
