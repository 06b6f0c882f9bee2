// The revisions that one can go back to, what was written in each, bars of them, and flags where steps of the lab began or
// were passed. Pure.

import type { ClusterHistory } from '../../../../server/observe/index.ts'
import { byWhom, objectOf, signOf } from '../picture/event-words.ts'
import type { PictureModel } from '../picture/picture-model.ts'

export interface Write {
  revision: number
  /** It only says that somebody is still here, or tells of others. */
  isQuiet: boolean
  /** A person wrote it. */
  isYours: boolean
  /** When, as far as it was traced. */
  at?: number
  /** What was written, and by whom as far as it was traced. */
  words(): string
}

/** Events tell of others, Leases of who holds them. */
const tells = new Set(['events', 'leases'])

export interface Flag {
  revision: number
  step: number
  title: string
  is: 'begun' | 'passed'
}

export interface Timeline {
  /** Where the store's memory begins. */
  first: number
  last: number
  /** Oldest first, as flags are. */
  writes: Write[]
  flags: Flag[]
}

export interface Bar {
  from: number
  to: number
  /** Of the revisions from `from` to `to`, how many wrote what others act on. */
  writes: number
  isYours: boolean
}

/** What was traced is told with its writer; before that, the store's own log says what was written. */
export function timelineOf(
  live: PictureModel,
  history: ClusterHistory | undefined,
  flags: readonly Flag[] = [],
): Timeline {
  const traced: Write[] = []
  for (const { event, heartbeat } of live.rows) {
    if (event.type !== 'append') continue
    const isQuiet = heartbeat || tells.has(event.resource)
    const isYours = !isQuiet && live.place(event.client).role === 'you'
    const words = () => `${signOf[event.operation]} ${objectOf(event)} ${byWhom(event.client)}`
    traced.push({ revision: event.revision, isQuiet, isYours, at: event.at, words })
  }
  const begin = traced[0]?.revision ?? Number.POSITIVE_INFINITY
  const logged: Write[] = []
  for (const { revision, resource, operation, name } of history?.changes ?? []) {
    if (revision >= begin) break
    const isQuiet = tells.has(resource)
    const words = () => `${signOf[operation]} ${objectOf({ resource, name })}`
    logged.push({ revision, isQuiet, isYours: false, words })
  }
  const first = Math.max(1, live.compactRevision, history?.compactRevision ?? 0)
  const last = Math.max(first, live.revision)
  const isThere = ({ revision }: { revision: number }) => revision >= first && revision <= last
  return { first, last, writes: [...logged, ...traced].filter(isThere), flags: flags.filter(isThere) }
}

/** At most so many, all of the same number of revisions. */
export function barsOf({ first, last, writes }: Timeline, most: number): Bar[] {
  const each = Math.ceil((last - first + 1) / most)
  const bars = Array.from({ length: Math.ceil((last - first + 1) / each) }, (_, nth): Bar => {
    const from = first + nth * each
    return { from, to: Math.min(last, from + each - 1), writes: 0, isYours: false }
  })
  for (const { revision, isQuiet, isYours } of writes) {
    const bar = isQuiet ? undefined : bars[Math.floor((revision - first) / each)]
    if (!bar) continue
    bar.writes++
    bar.isYours ||= isYours
  }
  return bars
}

/** At most so many round revisions, with room left for those at both ends. */
export function ticksOf({ first, last }: Pick<Timeline, 'first' | 'last'>, most: number): number[] {
  const least = (last - first) / Math.max(1, most)
  const scale = 10 ** Math.floor(Math.log10(Math.max(1, least)))
  const each = [1, 2, 5, 10].map((times) => times * scale).find((step) => step >= least) ?? scale
  const ticks: number[] = []
  for (let at = Math.ceil((first + each / 2) / each) * each; at <= last - each * 0.75; at += each) ticks.push(at)
  return ticks
}

export const writeAt = ({ writes }: Timeline, revision: number): Write | undefined =>
  writes.findLast((write) => write.revision <= revision)

/** The next revision of interest; what is quiet is passed over. */
export function nextWrite({ writes, last }: Timeline, after: number): number {
  return writes.find(({ revision, isQuiet }) => revision > after && !isQuiet)?.revision ?? last
}

export type Direction = 'back' | 'on'

/** Where a person wrote something, before or after a revision. */
export function nextDeed(timeline: Timeline, from: number, direction: Direction): number {
  return nextOf(deedsOf(timeline), timeline, from, direction)
}

/** The same, or where a step of the lab began or was passed. */
export function nextMark(timeline: Timeline, from: number, direction: Direction): number {
  const flags = timeline.flags.map(({ revision }) => revision)
  return nextOf([...deedsOf(timeline), ...flags], timeline, from, direction)
}

const deedsOf = ({ writes }: Timeline) => writes.filter(({ isYours }) => isYours).map(({ revision }) => revision)

function nextOf(revisions: number[], { first, last }: Timeline, from: number, direction: Direction): number {
  return direction === 'back'
    ? Math.max(first, ...revisions.filter((revision) => revision < from))
    : Math.min(last, ...revisions.filter((revision) => revision > from))
}

/** In which step of the lab a revision is; empty where none had begun, or it is not known. */
export function stepWords({ flags }: Timeline, revision: number): string {
  const here = flags.find((flag) => flag.revision === revision)
  if (here) return `step ${here.step} ${here.is === 'begun' ? 'begins' : 'turns green'}`
  const before = flags.findLast((flag) => flag.is === 'begun' && flag.revision < revision)
  return before ? `in step ${before.step}, ${before.title}` : ''
}
