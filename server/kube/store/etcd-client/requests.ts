// The store's requests in etcd's words, and etcd's answers in the store's: the way back of etcd-door/kv.ts.

import type {
  CompareRequest,
  RequestOp,
  ResponseOp,
  RangeRequest as WireRange,
  TxnRequest as WireTxn,
} from '../etcd-door/messages.ts'
import { keyToWire, kvFromWire } from '../etcd-door/wire.ts'
import { InvalidRequestError } from '../store-error.ts'
import type { Compare, Operation, OperationResponse, RangeRequest, TxnRequest } from '../store-interface.ts'

export function rangeToWire(range: RangeRequest): WireRange {
  return {
    key: keyToWire(range.key),
    range_end: keyToWire(range.rangeEnd ?? ''),
    limit: range.limit ?? 0,
    revision: range.revision ?? 0,
    sort_order: 0,
    sort_target: 0,
    serializable: false,
    keys_only: range.keysOnly ?? false,
    count_only: range.countOnly ?? false,
    min_mod_revision: 0,
    max_mod_revision: 0,
    min_create_revision: 0,
    max_create_revision: 0,
  }
}

export function txnToWire({ compare, success, failure }: TxnRequest): WireTxn {
  return {
    compare: compare.map(compareToWire),
    success: success.map(operationToWire),
    failure: failure.map(operationToWire),
  }
}

function compareToWire(compare: Compare): CompareRequest {
  const is = (target: Compare['target']) => (compare.target === target ? (compare.value as number) : undefined)
  return {
    result: { '=': 0, '>': 1, '<': 2, '!=': 3 }[compare.result],
    target: { version: 0, create: 1, mod: 2, value: 3, lease: 4 }[compare.target],
    key: keyToWire(compare.key),
    range_end: keyToWire(compare.rangeEnd ?? ''),
    version: is('version'),
    create_revision: is('create'),
    mod_revision: is('mod'),
    lease: compare.target === 'lease' ? (compare.value as bigint) : undefined,
    value: compare.target === 'value' ? (compare.value as Buffer) : undefined,
  }
}

function operationToWire(operation: Operation): RequestOp {
  const none = {
    request_range: undefined,
    request_put: undefined,
    request_delete_range: undefined,
    request_txn: undefined,
  }
  switch (operation.type) {
    case 'range':
      return { ...none, request_range: rangeToWire(operation) }
    case 'put':
      return {
        ...none,
        request_put: {
          key: keyToWire(operation.key),
          value: operation.value,
          lease: operation.lease ?? 0n,
          prev_kv: operation.prevKv ?? false,
          ignore_value: operation.ignoreValue ?? false,
          ignore_lease: operation.ignoreLease ?? false,
        },
      }
    case 'delete':
      return {
        ...none,
        request_delete_range: {
          key: keyToWire(operation.key),
          range_end: keyToWire(operation.rangeEnd ?? ''),
          prev_kv: operation.prevKv ?? false,
        },
      }
    case 'txn':
      return { ...none, request_txn: txnToWire(operation) }
  }
}

export function responseFromWire(response: ResponseOp): OperationResponse {
  const { response_range, response_put, response_delete_range, response_txn } = response
  if (response_range) {
    const { kvs = [], count = 0, more = false } = response_range
    return { type: 'range', kvs: kvs.map(kvFromWire), count, more }
  }
  if (response_put) {
    return { type: 'put', ...(response_put.prev_kv && { prevKv: kvFromWire(response_put.prev_kv) }) }
  }
  if (response_delete_range) {
    const { deleted = 0, prev_kvs = [] } = response_delete_range
    return { type: 'delete', deleted, prevKvs: prev_kvs.map(kvFromWire) }
  }
  if (response_txn) {
    const { succeeded, responses } = response_txn
    return { type: 'txn', succeeded, responses: responses.map(responseFromWire) }
  }
  throw new InvalidRequestError('etcd answered an operation with nothing')
}
