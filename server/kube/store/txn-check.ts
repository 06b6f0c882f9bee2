// What is wrong with a transaction can be said before anything is changed, so a transaction never fails half-way.
// Upstream: api/v3rpc/key.go (checkTxnRequest, checkIntervals), etcdserver/txn/txn.go (checkRequests).

import { type KeyRange, rangesOverlap } from './key-range.ts'
import { InvalidRequestError } from './store-error.ts'
import type { Operation, TxnRequest } from './store-interface.ts'

interface Writes {
  puts: Set<string>
  deletes: KeyRange[]
}

/** Throws when the request could not be meant, whatever the store holds. */
export function checkTxn(request: TxnRequest, maxOperations: number): void {
  for (const compare of request.compare) checkKey(compare.key)
  const largest = Math.max(request.compare.length, request.success.length, request.failure.length)
  if (largest > maxOperations) throw new InvalidRequestError('etcdserver: too many operations in txn request')
  writesOf(request.success, maxOperations)
  writesOf(request.failure, maxOperations)
}

export function checkKey(key: string): void {
  if (key === '') throw new InvalidRequestError('etcdserver: key is not provided')
}

/** A revision can hold only one state of a key, so one transaction may write a key only once. */
function writesOf(operations: Operation[], maxOperations: number): Writes {
  const writes: Writes = { puts: new Set(), deletes: [] }
  for (const operation of operations) {
    switch (operation.type) {
      case 'range':
        checkKey(operation.key)
        break
      case 'put':
        checkPut(operation)
        join(writes, { puts: new Set([operation.key]), deletes: [] })
        break
      case 'delete':
        checkKey(operation.key)
        join(writes, { puts: new Set(), deletes: [operation] })
        break
      case 'txn': {
        checkTxn(operation, maxOperations)
        // Only one of the two branches happens, so they may write the same keys as each other.
        const success = writesOf(operation.success, maxOperations)
        const failure = writesOf(operation.failure, maxOperations)
        join(writes, {
          puts: new Set([...success.puts, ...failure.puts]),
          deletes: [...success.deletes, ...failure.deletes],
        })
        break
      }
    }
  }
  return writes
}

function checkPut(put: { key: string; value: Buffer; lease?: bigint; ignoreValue?: boolean; ignoreLease?: boolean }) {
  checkKey(put.key)
  if (put.ignoreValue && put.value.length > 0) throw new InvalidRequestError('etcdserver: value is provided')
  if (put.ignoreLease && put.lease) throw new InvalidRequestError('etcdserver: lease is provided')
}

function join(all: Writes, more: Writes): void {
  for (const key of more.puts) {
    if (all.puts.has(key) || all.deletes.some((range) => rangesOverlap(range, { key }))) throw duplicateKey()
  }
  for (const range of more.deletes) {
    for (const key of all.puts) if (rangesOverlap(range, { key })) throw duplicateKey()
  }
  for (const key of more.puts) all.puts.add(key)
  all.deletes.push(...more.deletes)
}

function duplicateKey(): InvalidRequestError {
  return new InvalidRequestError('etcdserver: duplicate key given in txn request')
}
