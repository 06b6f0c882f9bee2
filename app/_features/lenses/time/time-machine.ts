// Goes to earlier revisions and back to now. One question is under way at a time: who drags across a hundred revisions
// gets those that the classroom keeps up with, and the one where they stop.

import type { ClusterHistory, PastMoment } from '../../../../server/observe/index.ts'
import type { PictureModel } from '../picture/picture-model.ts'
import { type Direction, type Flag, nextDeed, nextMark, nextWrite, type Timeline, timelineOf } from './timeline.ts'

/** The picture, as far as time goes. */
export interface Viewer {
  readonly live: PictureModel
  /** Shows a moment, or now again. `moves`: what happened since the one before is seen to happen. */
  lookAt(moment: PastMoment | undefined, moves: boolean): void
}

export interface Archive {
  history(): Promise<ClusterHistory | null>
  past(revision: number): Promise<PastMoment | null>
  wordsOf(error: unknown): string
}

/** Revisions a second. */
export const paces = [2, 8, 32] as const
export type Pace = (typeof paces)[number]

export class TimeMachine {
  /** Where the knob is; undefined: now. */
  wanted: number | undefined
  /** What is shown: the knob's place, or the one before as long as the answer is on its way. */
  shown: number | undefined
  isPlaying = false
  pace: Pace = paces[0]
  /** Why one cannot go there. */
  problem = ''
  private history: ClusterHistory | undefined
  private flags: readonly Flag[] = []
  private readonly viewer: Viewer
  private archive: Archive | undefined
  private version = 0
  private readonly listeners = new Set<() => void>()
  private asking: Promise<void> | undefined
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(viewer: Viewer) {
    this.viewer = viewer
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  snapshot = (): number => this.version

  timeline(): Timeline {
    return timelineOf(this.viewer.live, this.history, this.flags)
  }

  /** Asks there, first of all what was written before the page began to look. */
  async open(archive: Archive): Promise<void> {
    this.archive = archive
    this.history = (await archive.history().catch(() => undefined)) ?? undefined
    this.changed()
  }

  goTo(revision: number): Promise<void> {
    this.pause()
    const { first, last } = this.timeline()
    if (revision >= last) return Promise.resolve(this.goLive())
    return this.show(Math.max(first, revision), false)
  }

  step(by: 1 | -1): Promise<void> {
    this.pause()
    const { last } = this.timeline()
    const from = this.wanted ?? last
    if (from + by >= last) return Promise.resolve(this.goLive())
    return this.show(Math.max(this.timeline().first, from + by), by > 0)
  }

  setFlags(flags: readonly Flag[]): void {
    this.flags = flags
    this.changed()
  }

  goToMark(direction: Direction): Promise<void> {
    const timeline = this.timeline()
    return this.goTo(nextMark(timeline, this.wanted ?? timeline.last, direction))
  }

  goLive(): void {
    this.pause()
    this.wanted = undefined
    this.shown = undefined
    this.problem = ''
    this.viewer.lookAt(undefined, false)
    this.changed()
  }

  /** From where one looks up to now; from now, what was done last is seen again. */
  async play(): Promise<void> {
    const timeline = this.timeline()
    this.isPlaying = true
    const from = this.wanted ?? Math.max(timeline.first, nextDeed(timeline, timeline.last + 1, 'back') - 1)
    await this.show(from, false)
    this.playOn()
  }

  pause(): void {
    clearTimeout(this.timer)
    this.isPlaying = false
    this.changed()
  }

  setPace(pace: Pace): void {
    this.pace = pace
    this.changed()
  }

  private playOn(): void {
    clearTimeout(this.timer)
    if (!this.isPlaying) return
    this.timer = setTimeout(async () => {
      const timeline = this.timeline()
      const next = nextWrite(timeline, this.wanted ?? timeline.last)
      if (next >= timeline.last) return this.goLive()
      await this.show(next, true)
      this.playOn()
    }, 1000 / this.pace)
  }

  private show(revision: number, moves: boolean): Promise<void> {
    this.wanted = revision
    this.changed()
    this.asking ??= this.catchUp(moves).finally(() => {
      this.asking = undefined
    })
    return this.asking
  }

  private async catchUp(moves: boolean): Promise<void> {
    const { archive } = this
    while (archive && this.wanted !== undefined && this.wanted !== this.shown) {
      const { wanted } = this
      try {
        const moment = await archive.past(wanted)
        if (this.wanted === undefined) return
        if (!moment) throw new Error('There is no cluster to ask yet.')
        if (moment.isForgotten) return this.stopAt(moment.compactRevision)
        this.shown = wanted
        this.problem = ''
        this.viewer.lookAt(moment, moves)
      } catch (error) {
        return this.stayWith(archive.wordsOf(error))
      }
      this.changed()
    }
  }

  /** The store was compacted since; what it remembers begins later now. */
  private stopAt(compactRevision: number): Promise<void> {
    this.viewer.live.heardOfCompaction(compactRevision)
    this.wanted = compactRevision
    return this.catchUp(false)
  }

  private stayWith(problem: string): void {
    this.pause()
    this.wanted = this.shown
    this.problem = problem
    this.changed()
  }

  private changed(): void {
    this.version++
    for (const listener of this.listeners) listener()
  }
}
