import { expect, it } from 'vitest'
import { topologiesErrors } from './allowed-topologies.ts'

const MANY = 20_000
const zone = (...values: string[]) => ({ matchLabelExpressions: [{ key: 'zone', values }] })
const at = (index: number) => `allowedTopologies[${index}].matchLabelExpressions`
const told = (terms: Parameters<typeof topologiesErrors>[0]) =>
  topologiesErrors(terms).map(({ field, message }) => `${field}: ${message}`)

it('tells a term again for each before it that means the same', () => {
  const disk = { key: 'disk', values: ['ssd'] }
  const [both, turned] = [{ matchLabelExpressions: [...zone('a', 'b').matchLabelExpressions, disk] }, zone('b', 'a')]
  turned.matchLabelExpressions.unshift(disk)
  const twice = 'Duplicate value: ""'
  expect(told([both, zone('a'), turned, both])).toEqual([
    `${at(2)}: ${twice}`,
    `${at(3)}: ${twice}`,
    `${at(3)}: ${twice}`,
  ])
  expect(told([{}, zone('a'), {}])).toEqual(
    [...[0, 0, 0].map(at), ...[2, 2, 2, 2].map(at)].map((field) => `${field}: ${twice}`),
  )
})

it('goes once through the terms, and through the labels of one', () => {
  const before = process.cpuUsage()
  expect(topologiesErrors(Array.from({ length: MANY }, (_, index) => zone(`z${index}`)))).toEqual([])
  const matchLabelExpressions = Array.from({ length: MANY }, (_, index) => ({ key: `k${index}`, values: ['a'] }))
  expect(topologiesErrors([{ matchLabelExpressions }])).toEqual([])
  // A few tenths of a second; it took the square.
  expect(process.cpuUsage(before).user).toBeLessThan(3_000_000)
})

it('makes no more errors than are told', () => {
  expect(topologiesErrors(Array.from({ length: 2_000 }, () => ({}))).length).toBeLessThan(10_000)
  expect(topologiesErrors(Array.from({ length: 2_000 }, () => zone('a'))).length).toBeLessThan(10_000)
})
