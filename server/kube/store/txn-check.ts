// What is wrong with a transaction can be said before anything is changed, so a transaction never fails half-way.
// Upstream: api/v3rpc/key.go (checkTxnRequest, checkIntervals), etcdserver/txn/txn.go (checkRequests).

import { firstKeyAfter, type KeyRange } from './key-range.ts'
import { InvalidRequestError } from './store-error.ts'
import type { Operation, TxnRequest } from './store-interface.ts'

/** As deep as etcd's own 128 operations reach; what is checked here is gathered anew on each level. */
const MAX_LEVELS = 128

interface Writes {
  puts: Iterable<string>
  deletes: KeyRange[]
}

/** Throws when the request could not be meant, whatever the store holds. */
export function checkTxn(request: TxnRequest, maxOperations: number): void {
  checkOperations(request, maxOperations, MAX_LEVELS)
  writesOf(request)
}

export function checkKey(key: string): void {
  if (key === '') throw new InvalidRequestError('etcdserver: key is not provided')
}

/** What a transaction has of operations is not left for those inside it, so they end somewhere. */
function checkOperations({ compare, success, failure }: TxnRequest, maxOperations: number, levels: number): void {
  const largest = Math.max(compare.length, success.length, failure.length)
  if (largest > maxOperations || levels === 0)
    throw new InvalidRequestError('etcdserver: too many operations in txn request')
  for (const { key } of compare) checkKey(key)
  for (const operation of [...success, ...failure]) {
    if (operation.type === 'txn') checkOperations(operation, maxOperations - largest, levels - 1)
    else if (operation.type === 'put') checkPut(operation)
    else checkKey(operation.key)
  }
}

function checkPut(put: { key: string; value: Buffer; lease?: bigint; ignoreValue?: boolean; ignoreLease?: boolean }) {
  checkKey(put.key)
  if (put.ignoreValue && put.value.length > 0) throw new InvalidRequestError('etcdserver: value is provided')
  if (put.ignoreLease && put.lease) throw new InvalidRequestError('etcdserver: lease is provided')
}

/** Only one of the two branches happens, so they may write the same keys as each other. */
function writesOf({ success, failure }: TxnRequest): Writes {
  const then = writesOfAll(success)
  if (failure.length === 0) return then
  const otherwise = writesOfAll(failure)
  return { puts: new Set([...then.puts, ...otherwise.puts]), deletes: [...then.deletes, ...otherwise.deletes] }
}

/** A revision can hold only one state of a key, so one transaction may write a key only once. */
function writesOfAll(operations: Operation[]): Writes {
  if (operations.length === 1) return writesOfOne(operations[0]!)
  const puts = new Map<string, Operation>()
  const deletes: { range: KeyRange; of: Operation }[] = []
  for (const operation of operations) {
    const writes = writesOfOne(operation)
    for (const key of writes.puts) {
      if (puts.has(key)) throw duplicateKey()
      puts.set(key, operation)
    }
    for (const range of writes.deletes) deletes.push({ range, of: operation })
  }
  if (puts.size > 0 && deletes.length > 0) checkDeletes(puts, deletes)
  return { puts: puts.keys(), deletes: deletes.map(({ range }) => range) }
}

function writesOfOne(operation: Operation): Writes {
  switch (operation.type) {
    case 'range':
      return { puts: [], deletes: [] }
    case 'put':
      return { puts: [operation.key], deletes: [] }
    case 'delete':
      return { puts: [], deletes: [operation] }
    case 'txn':
      return writesOf(operation)
  }
}

/** In the order of the keys: of the ranges that have begun, those of two operations that end last say all. */
function checkDeletes(puts: Map<string, Operation>, deletes: { range: KeyRange; of: Operation }[]): void {
  const coming = deletes.map(({ range, of }) => ({ from: range.key, end: firstKeyAfter(range), of }))
  coming.sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0))
  type Coming = (typeof coming)[number]
  let last: Coming | undefined
  let lastOfAnother: Coming | undefined
  let at = 0
  for (const key of [...puts.keys()].sort()) {
    for (; at < coming.length && coming[at]!.from <= key; at++) {
      const next = coming[at]!
      if (last === undefined || last.of === next.of || endsAfter(next, last)) {
        if (last?.of !== next.of) lastOfAnother = last
        if (last?.of !== next.of || endsAfter(next, last)) last = next
      } else if (lastOfAnother === undefined || endsAfter(next, lastOfAnother)) {
        lastOfAnother = next
      }
    }
    const other = last?.of === puts.get(key) ? lastOfAnother : last
    if (other && (other.end === undefined || key < other.end)) throw duplicateKey()
  }
}

function endsAfter(a: { end: string | undefined }, b: { end: string | undefined }): boolean {
  return b.end !== undefined && (a.end === undefined || a.end > b.end)
}

function duplicateKey(): InvalidRequestError {
  return new InvalidRequestError('etcdserver: duplicate key given in txn request')
}
