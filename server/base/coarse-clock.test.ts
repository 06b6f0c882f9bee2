import { describe, expect, it } from 'vitest'
import { FakeClock } from './clock.ts'
import { coarseClock } from './coarse-clock.ts'

describe('a coarse clock', () => {
  it('ends long delays together, a tenth of a second late at most, and never early', async () => {
    const clock = new FakeClock()
    const coarse = coarseClock(clock)
    const ended: [string, number][] = []
    const wait = (name: string, delayMs: number) =>
      coarse.setTimeout(() => ended.push([name, clock.monotonic()]), delayMs)
    wait('a', 10_001)
    wait('b', 10_050)
    await clock.advance(30)
    wait('c', 10_000)
    wait('d', 10_071)
    expect(clock.pending).toBe(2)
    await clock.advance(11_000)
    expect(ended).toEqual([
      ['a', 10_100],
      ['b', 10_100],
      ['c', 10_100],
      ['d', 10_200],
    ])
  })

  it('ends short delays when they are over', async () => {
    const clock = new FakeClock()
    let endedAt = 0
    coarseClock(clock).setTimeout(() => {
      endedAt = clock.monotonic()
    }, 1_234)
    await clock.advance(1_234)
    expect(endedAt).toBe(1_234)
  })

  it('leaves out what was cancelled, be it by one that ended in the same moment', async () => {
    const clock = new FakeClock()
    const coarse = coarseClock(clock)
    const ended: string[] = []
    const timers: Disposable[] = []
    const wait = (name: string) => timers.push(coarse.setTimeout(() => ended.push(name), 10_000))
    wait('cancelled before')
    coarse.setTimeout(() => timers[1]?.[Symbol.dispose](), 10_000)
    wait('cancelled by the one before')
    wait('kept')
    timers[0]?.[Symbol.dispose]()
    await clock.advance(10_000)
    expect(ended).toEqual(['kept'])
  })

  it('gives each its turn, also after one that throws', async () => {
    const clock = new FakeClock()
    const coarse = coarseClock(clock)
    const ended: string[] = []
    coarse.setTimeout(() => {
      throw new Error('of one')
    }, 10_000)
    coarse.setTimeout(() => ended.push('the other'), 10_000)
    await expect(clock.advance(10_000)).rejects.toThrow('of one')
    expect(ended).toEqual(['the other'])
  })

  it('begins anew for what is asked for when others end', async () => {
    const clock = new FakeClock()
    const coarse = coarseClock(clock)
    const ended: number[] = []
    const beat = () => {
      ended.push(clock.monotonic())
      coarse.setTimeout(beat, 10_000)
    }
    coarse.setTimeout(beat, 10_000)
    await clock.advance(30_000)
    expect(ended).toEqual([10_000, 20_000, 30_000])
  })

  it('sleeps, and is woken by a signal', async () => {
    const clock = new FakeClock()
    const coarse = coarseClock(clock)
    const stop = new AbortController()
    const woken = coarse.sleep(10_000, stop.signal).catch((err: Error) => err.message)
    const slept = coarse.sleep(9_950).then(() => clock.monotonic())
    stop.abort(new Error('stopped'))
    expect(await woken).toBe('stopped')
    await clock.advance(10_000)
    expect(await slept).toBe(10_000)
  })
})
