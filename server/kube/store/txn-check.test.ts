import { expect, it } from 'vitest'
import type { NestedTxnOperation, Operation, TxnRequest } from './store-interface.ts'
import { checkTxn } from './txn-check.ts'

const put = (key: string): Operation => ({ type: 'put', key, value: Buffer.alloc(0) })
const remove = (key: string, rangeEnd?: string): Operation => ({ type: 'delete', key, ...(rangeEnd && { rangeEnd }) })
const txn = (success: Operation[], failure: Operation[] = []): NestedTxnOperation => {
  return { type: 'txn', compare: [], success, failure }
}
const check = (request: TxnRequest) => () => checkTxn(request, 10_000)

function nested(levels: number, inner: Operation[]): NestedTxnOperation {
  let request = txn(inner)
  for (let level = 1; level < levels; level++) request = txn([request])
  return request
}

function processorTime(run: () => void): number {
  const before = process.cpuUsage()
  run()
  return process.cpuUsage(before).user
}

it('looks at a transaction in a transaction once, and takes none deeper than etcd does', () => {
  expect(processorTime(check(nested(128, [put('a')])))).toBeLessThan(500_000)
  expect(check(nested(128, [put('a'), put('a')]))).toThrow('duplicate key given in txn request')
  expect(check(nested(129, [put('a')]))).toThrow('too many operations in txn request')
  expect(() => checkTxn(nested(3, [put('a')]), 2)).toThrow('too many operations in txn request')
})

it('compares what is put with what is deleted in the order of the keys', () => {
  const names = Array.from({ length: 5000 }, (_, at) => `${at}`.padStart(5, '0'))
  const operations = [
    ...names.map((name) => put(`${name}/a`)),
    ...names.map((name) => remove(`${name}/b`, `${name}/z`)),
  ]
  expect(processorTime(check(txn(operations)))).toBeLessThan(1_000_000)
  expect(check(txn([...operations.slice(0, -1), remove('0', '00000/a\0')]))).toThrow('duplicate key')
})

it('finds what one of the deletes of other operations holds, however they lie', () => {
  const within = txn([remove('a', 'z')], [put('m')])
  const cases: [operations: Operation[], isRefused: boolean][] = [
    [[within], false],
    [[within, put('m')], true],
    [[within, put('z')], false],
    [[within, remove('m')], true],
    [[within, remove('b', 'm')], false],
    [[within, remove('b', '\0'), put('zz')], true],
    [[txn([put('m')], [remove('b', 'n')]), remove('l', 'm'), remove('n', 'o')], false],
    [[txn([put('m')], [remove('a', 'z')]), remove('b', 'n')], true],
    [[txn([put('m')], [remove('b', 'n')]), remove('a', 'y')], true],
    [[remove('a', 'c'), remove('a', 'z'), txn([put('m')], [remove('a', '\0')])], true],
    [[put('m'), remove('m')], true],
    [[put('m'), remove('z', 'a')], false],
  ]
  for (const [operations, isRefused] of cases) {
    for (const all of [operations, operations.toReversed()]) {
      if (isRefused) expect(check(txn(all)), JSON.stringify(all)).toThrow('duplicate key')
      else expect(check(txn(all)), JSON.stringify(all)).not.toThrow()
    }
  }
})
