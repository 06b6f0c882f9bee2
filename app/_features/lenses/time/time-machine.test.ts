import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { PastMoment } from '../../../../server/observe/index.ts'
import { PictureModel } from '../picture/picture-model.ts'
import { loops, podReplaced, push } from '../picture/trace-examples.ts'
import { type Archive, TimeMachine, type Viewer } from './time-machine.ts'

/** A store from revision 440 on, and a screen that remembers what it showed. */
class Screen implements Viewer, Archive {
  readonly live = new PictureModel()
  readonly looked: string[] = []
  readonly asked: number[] = []
  compactRevision = 440
  isAway = false
  lookAt(moment: PastMoment | undefined, moves: boolean) {
    this.looked.push(`${moment ? moment.revision : 'now'}${moves ? ' moving' : ''}`)
  }
  async history() {
    return { revision: 458, compactRevision: this.compactRevision, changes: [] }
  }
  async past(revision: number): Promise<PastMoment> {
    this.asked.push(revision)
    if (this.isAway) throw new Error('The classroom does not answer.')
    const { compactRevision } = this
    const isForgotten = revision < compactRevision
    return { revision, compactRevision, isForgotten, pods: [], nodes: [], objects: [] }
  }
  wordsOf = (error: unknown) => (error as Error).message
}

let screen: Screen
let time: TimeMachine
beforeEach(async () => {
  vi.useFakeTimers()
  screen = new Screen()
  screen.live.apply(push(14, podReplaced(), { loops }))
  time = new TimeMachine(screen)
  await time.open(screen)
})
afterEach(() => {
  vi.useRealTimers()
})

describe('going back', () => {
  it('shows the moment that was asked for, and now again', async () => {
    await time.goTo(452)
    expect([time.wanted, time.shown, screen.looked]).toEqual([452, 452, ['452']])
    time.goLive()
    expect([time.wanted, time.shown, screen.looked]).toEqual([undefined, undefined, ['452', 'now']])
  })

  it('asks for one at a time, and for the last that was wanted', async () => {
    await Promise.all([454, 453, 452, 451].map((revision) => time.goTo(revision)))
    expect(screen.asked).toEqual([454, 451])
    expect([time.shown, screen.looked.at(-1)]).toEqual([451, '451'])
  })

  it('does not come back from now when an answer is late', async () => {
    const going = time.goTo(452)
    time.goLive()
    await going
    expect(screen.looked).toEqual(['now'])
  })

  it('goes by single revisions; the newest of all is now', async () => {
    await time.step(-1)
    await time.step(-1)
    expect(time.shown).toBe(456)
    await time.step(1)
    await time.step(1)
    expect([time.shown, screen.looked.at(-1)]).toEqual([undefined, 'now'])
  })

  it('goes from one thing that was typed to the next', async () => {
    await time.goToMark('back')
    expect(time.shown).toBe(450)
    await time.goToMark('back')
    expect(time.shown).toBe(440)
    await time.goToMark('on')
    expect(time.shown).toBe(450)
  })

  it('ends where the store was compacted, also when that was just now', async () => {
    await time.goTo(3)
    expect(time.shown).toBe(440)
    screen.compactRevision = 455
    await time.goTo(441)
    expect([time.shown, time.timeline().first]).toEqual([455, 455])
  })

  it('says why it cannot go, and stays where it was', async () => {
    await time.goTo(452)
    screen.isAway = true
    await time.goTo(445)
    expect([time.wanted, time.shown, time.problem]).toEqual([452, 452, 'The classroom does not answer.'])
    screen.isAway = false
    await time.goTo(446)
    expect([time.shown, time.problem]).toEqual([446, ''])
  })
})

describe('playing', () => {
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

  it('shows again what was done last, one write after the other, up to now', async () => {
    await time.play()
    expect(screen.looked).toEqual(['449'])
    await pass(1500)
    expect(screen.looked).toEqual(['449', '450 moving', '453 moving', '455 moving'])
    await pass(500)
    expect([time.isPlaying, screen.looked.at(-1)]).toEqual([false, 'now'])
  })

  it('goes as fast as it is told', async () => {
    time.setPace(32)
    await time.play()
    await pass(100)
    expect(time.shown).toBe(455)
  })

  it('stays where it is paused', async () => {
    await time.goTo(449)
    await time.play()
    await pass(500)
    time.pause()
    await pass(5000)
    expect([time.shown, time.isPlaying]).toEqual([450, false])
  })

  it('ends when somebody takes the knob', async () => {
    await time.play()
    await time.goTo(453)
    await pass(5000)
    expect([time.shown, time.isPlaying]).toEqual([453, false])
  })
})
