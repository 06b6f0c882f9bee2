// What is kept in memory while a class runs: who is here, whose hand is up, whose keyboard is lent. And grades as a file.

import { expect, it } from 'vitest'
import { Attendance } from './attendance.ts'
import { gradesAsCsv } from './grade-book.ts'
import { type Hand, Hands } from './hands.ts'
import { Keyboards } from './keyboards.ts'
import { Projectors } from './projectors.ts'

let told = 0
let time = 0
const shared = { now: () => time, onChange: () => void told++ }

it('is here as long as one page is open, and left when the last was closed', () => {
  const attendance = new Attendance(shared)
  expect(attendance.of('tansy')).toEqual({ here: false, leftAt: 0 })
  const [one, other] = [attendance.arrive('tansy'), attendance.arrive('tansy')]
  one[Symbol.dispose]()
  expect(attendance.of('tansy').here).toBe(true)
  time = 7
  other[Symbol.dispose]()
  expect(attendance.of('tansy')).toEqual({ here: false, leftAt: 7 })
})

it('keeps the place in the queue when the words change, and tells who comes', () => {
  const kept = new Map<string, Hand | undefined>()
  const keep = (id: string, hand: Hand | undefined) => void kept.set(id, hand)
  const hands = new Hands({ ...shared, keep })
  time = 1
  hands.raise('tansy', '')
  time = 2
  hands.raise('tansy', 'Pods run, but curl is refused')
  hands.take('tansy', 'Brindle')
  expect(hands.of('tansy')).toEqual({ words: 'Pods run, but curl is refused', since: 1, takenBy: 'Brindle' })
  const restarted = new Hands({ ...shared, keep })
  restarted.restore(new Map([['tansy', kept.get('tansy')!]]))
  expect(restarted.of('tansy')).toEqual(hands.of('tansy'))
  hands.lower('tansy')
  expect(kept.get('tansy')).toBeUndefined()
  expect(hands.of('tansy')).toBeUndefined()
  hands.take('tansy', 'Brindle')
  expect(hands.of('tansy')).toBeUndefined()
})

it('lends a keyboard to one teacher at a time, only after a yes, until either ends it', () => {
  const keyboards = new Keyboards(shared)
  const [brindle, ash] = [
    { id: 'b', name: 'Brindle' },
    { id: 'a', name: 'Ash' },
  ]
  expect(keyboards.ask('tansy', brindle)).toBe(true)
  expect(keyboards.ask('tansy', ash)).toBe(false)
  expect(keyboards.mayType('tansy', 'b')).toBe(false)
  keyboards.answer('tansy', true)
  expect([keyboards.mayType('tansy', 'b'), keyboards.mayType('tansy', 'a'), keyboards.mayType('gorse', 'b')]).toEqual([
    true,
    false,
    false,
  ])
  keyboards.end('tansy', 'a')
  expect(keyboards.mayType('tansy', 'b')).toBe(true)
  keyboards.end('tansy')
  expect(keyboards.mayType('tansy', 'b')).toBe(false)
  keyboards.answer('tansy', true)
  expect(keyboards.of('tansy')).toBeUndefined()
  keyboards.ask('tansy', ash)
  keyboards.answer('tansy', false)
  expect(keyboards.of('tansy')).toBeUndefined()
})

it('shows a screen as long as one page for the projector is open', () => {
  const projectors = new Projectors(shared)
  const [one, other] = [projectors.show('tansy', 'Brindle'), projectors.show('tansy', 'Ash')]
  expect(projectors.of('tansy')).toEqual({ by: 'Brindle' })
  one[Symbol.dispose]()
  expect(projectors.of('tansy')).toEqual({ by: 'Ash' })
  other[Symbol.dispose]()
  expect(projectors.of('tansy')).toBeUndefined()
})

it('writes grades that a spreadsheet reads as text, never as a formula', () => {
  const labs = [{ id: 'l', number: '3', title: 'Pods, "short"', steps: 2 }]
  const grades = { l: { credit: 0.5, attempts: 3, hints: 1, done: false } }
  const learners = [
    { learnerId: '1', name: '=HYPERLINK("x")', grades },
    { learnerId: '2', name: 'gorse', grades: {} },
  ]
  expect(gradesAsCsv({ labs, learners })).toBe(
    'learner,lab,title,credit,attempts,hints,done\r\n' + '"\'=HYPERLINK(""x"")",3,"Pods, ""short""",50.0,3,1,no\r\n',
  )
})
