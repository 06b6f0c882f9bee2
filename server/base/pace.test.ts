import { expect, it } from 'vitest'
import { systemClock } from './clock.ts'
import { inOnePiece, Pace } from './pace.ts'

it('lets others have a turn when it has held the thread for long enough, and not before', async () => {
  let now = 0
  const pace = new Pace({ ...systemClock, monotonic: () => now })
  const turns: number[] = []
  let isOver = false
  const other = () => {
    turns.push(now)
    if (!isOver) setImmediate(other)
  }
  setImmediate(other)
  function* work(): Generator<undefined, string> {
    for (let step = 0; step < 30; step++) {
      now++
      yield
    }
    return 'done'
  }
  expect(await pace.through(work())).toBe('done')
  isOver = true
  expect(turns).toEqual([10, 20, 30])
  expect(inOnePiece(work())).toBe('done')
})
