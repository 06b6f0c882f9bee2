import { expect, it } from 'vitest'
import { FakeClock, settlePromises } from '../../../base/clock.ts'
import { noLogger } from '../../../base/logger.ts'
import { CriEvents, type Seen } from './cri-events.ts'

const container = (state: Seen['state'], id = 'app'): Seen => ({ id, sandboxId: 'pause', podUid: 'pod', state })

/** What is told of each look after the first, which is at what was there before. */
async function toldOf(...looks: Seen[][]): Promise<string[][]> {
  const clock = new FakeClock()
  const told: string[] = []
  let at = 0
  using events = new CriEvents({ clock, logger: noLogger, look: async () => looks[at] ?? [] })
  using _heard = events.subscribe(({ type, containerId }) => told.push(`${containerId} ${type}`))
  await settlePromises()
  const rounds: string[][] = []
  for (at = 1; at < looks.length; at++) {
    told.splice(0)
    await clock.advance(1_000)
    await settlePromises()
    rounds.push([...told])
  }
  return rounds
}

it('tells what has begun, ended and gone since it last looked', async () => {
  const rounds = await toldOf([], [container('created')], [container('running')], [container('exited')], [])
  expect(rounds).toEqual([[], ['app started'], ['app exited'], ['app removed']])
})

it('tells the end of what it never saw run', async () => {
  expect(await toldOf([], [container('created')], [container('exited')])).toEqual([[], ['app exited']])
  expect(await toldOf([], [container('exited')])).toEqual([['app exited']])
})

it('says nothing of what is as it was', async () => {
  const both = [container('running'), container('exited', 'done')]
  expect(await toldOf(both, both)).toEqual([[]])
})
