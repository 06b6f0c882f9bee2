import { expect, it } from 'vitest'
import { type Taker, Unread } from './unread.ts'

const MB = 1024 * 1024

function taker() {
  const closed: (() => void)[] = []
  const one = {
    writableLength: 0,
    isOver: false,
    destroy() {
      one.isOver = true
      one.writableLength = 0
      for (const run of closed) run()
    },
    once: (_event: 'close', run: () => void) => closed.push(run),
  }
  return one satisfies Taker & { isOver: boolean }
}

/** Writes to each in turn until all have as much. */
function fill(unread: Unread, takers: readonly ReturnType<typeof taker>[], bytes: number): void {
  for (const one of takers) {
    if (one.isOver) continue
    one.writableLength += bytes
    unread.note(one)
  }
}

it('lets go who has most to take when all together have too much, and no more of them than needed', () => {
  const unread = new Unread()
  const [slowest, ...others] = Array.from({ length: 101 }, taker)
  fill(unread, [slowest!], 100 * MB)
  fill(unread, others, 4 * MB)
  expect([slowest!, ...others].filter(({ isOver }) => isOver)).toEqual([])
  fill(unread, others, MB)
  expect(slowest!.isOver).toBe(true)
  expect(others.filter(({ isOver }) => isOver)).toEqual([])
  for (let count = 0; count < 20; count++) fill(unread, others, 4 * MB)
  const left = others.filter(({ isOver }) => !isOver)
  expect(left.length).toBeGreaterThan(0)
  expect(left.reduce((sum, { writableLength }) => sum + writableLength, 0)).toBeLessThanOrEqual(512 * MB)
})

it('counts no more what has been taken meanwhile, nor those who have gone', () => {
  const unread = new Unread()
  const readers = Array.from({ length: 100 }, taker)
  for (let count = 0; count < 50; count++) {
    fill(unread, readers, 4 * MB)
    for (const one of readers) one.writableLength = 0
  }
  for (let count = 0; count < 500; count++) {
    const one = taker()
    fill(unread, [one], 4 * MB)
    one.destroy()
  }
  expect(readers.filter(({ isOver }) => isOver)).toEqual([])
})

it('looks at nobody who has little to take', () => {
  const unread = new Unread()
  const one = taker()
  one.once = () => expect.unreachable()
  fill(unread, [one], 1_000)
})
