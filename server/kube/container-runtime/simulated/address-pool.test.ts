import { expect, it } from 'vitest'
import { AddressPool } from './address-pool.ts'

const all = (pool: AddressPool) => {
  const taken: string[] = []
  for (let address = pool.take(); address && taken.length < 300; address = pool.take()) taken.push(address)
  return taken
}

it.each([
  ['10.244.7.0/29', ['10.244.7.2', '10.244.7.3', '10.244.7.4', '10.244.7.5', '10.244.7.6']],
  ['fd00:10:244:7::/125', ['2', '3', '4', '5', '6', '7'].map((end) => `fd00:10:244:7::${end}`)],
])('gives out those of %s behind the bridge’s, each once', (range, addresses) => {
  expect(all(new AddressPool(range))).toEqual(addresses)
})

it('gives what was given back after all others', () => {
  const pool = new AddressPool('fd00:10:244:7::/64')
  const [first = '', second] = [pool.take(), pool.take()]
  pool.give(first)
  expect(pool.take()).not.toBe(first)
  expect([first, second]).toEqual(['fd00:10:244:7::2', 'fd00:10:244:7::3'])
})

it('takes no range that is none', () => expect(() => new AddressPool('10.244.7.0')).toThrow('not a CIDR'))
