import { expect, it } from 'vitest'
import type { LabSummary } from '../../../server/classroom/api/contract.ts'
import { findLabs, hasGaps } from './find-labs.ts'

const lab = (number: string, title: string, words = ''): LabSummary => ({
  ...{ id: number, number, title, summary: '', words, minutes: 20, state: 'new', step: 1, steps: 5 },
  hintsOpened: 0,
  firstTry: false,
})
const chapters = [
  {
    id: 'loops',
    title: 'Loops that keep promises',
    labs: [lab('6', 'ReplicaSet as a loop'), lab('8', 'Rollout, and back')],
  },
  { id: 'reach', title: 'Reaching a Pod', labs: [lab('12', 'Services', 'kubectl expose --port endpointslices')] },
]
const found = (wanted: string) => findLabs(chapters, wanted).flatMap(({ labs }) => labs.map(({ number }) => number))

it.each([
  ['', ['6', '8', '12']],
  ['  ', ['6', '8', '12']],
  ['replica', ['6']],
  ['LOOP', ['6', '8']],
  ['12', ['12']],
  ['kubectl exp', ['12']],
  ['loops back', ['8']],
  ['pose', []],
  ['loop services', []],
])('finds by %j', (wanted, numbers) => {
  expect(found(wanted)).toEqual(numbers)
})

it('leaves out a chapter of which nothing is left', () => {
  expect(findLabs(chapters, 'endpoint').map(({ id }) => id)).toEqual(['reach'])
})

it.each([
  [['A', 'B', '1', '2', '3'], false],
  [['A', '1', '3'], true],
  [['A', 'B'], false],
])('tells whether numbers of labs are missing: %j', (numbers, gaps) => {
  expect(hasGaps([{ labs: numbers.map((number) => ({ number })) }])).toBe(gaps)
})
