// The revisions that one can go back to, what was written in each, and bars of them. Pure.

import type { ClusterHistory } from '../../../../server/observe/index.ts'
import { byWhom, objectOf, signOf } from '../picture/event-words.ts'
import type { PictureModel } from '../picture/picture-model.ts'

export interface Write {
  revision: number
  /** It only says that somebody is still here. */
  isQuiet: boolean
  /** A person wrote it. */
  isYours: boolean
  /** When, as far as it was traced. */
  at?: number
  words: string
}

export interface Timeline {
  /** Where the store's memory begins. */
  first: number
  last: number
  /** Oldest first. */
  writes: Write[]
}

export interface Bar {
  from: number
  to: number
  /** Of the revisions from `from` to `to`, how many wrote more than a heartbeat. */
  writes: number
  isYours: boolean
}

/** What was traced is told with its writer; before that, the store's own log says what was written. */
export function timelineOf(live: PictureModel, history: ClusterHistory | undefined): Timeline {
  const traced: Write[] = []
  for (const { event, heartbeat } of live.rows) {
    if (event.type !== 'append') continue
    const isYours = !heartbeat && live.place(event.client).role === 'you'
    const words = `${signOf[event.operation]} ${objectOf(event)} ${byWhom(event.client)}`
    traced.push({ revision: event.revision, isQuiet: heartbeat, isYours, at: event.at, words })
  }
  const begin = traced[0]?.revision ?? Number.POSITIVE_INFINITY
  const logged: Write[] = []
  for (const { revision, resource, operation, name } of history?.changes ?? []) {
    if (revision >= begin) break
    const isQuiet = resource === 'leases'
    logged.push({ revision, isQuiet, isYours: false, words: `${signOf[operation]} ${objectOf({ resource, name })}` })
  }
  const first = Math.max(1, live.compactRevision, history?.compactRevision ?? 0)
  const writes = [...logged, ...traced].filter(({ revision }) => revision >= first)
  return { first, last: Math.max(first, live.revision), writes }
}

export function barsOf({ first, last, writes }: Timeline, most: number): Bar[] {
  const count = Math.min(most, last - first + 1)
  const edge = (nth: number) => first + Math.round((nth * (last - first + 1)) / count)
  const bars = Array.from(
    { length: count },
    (_, nth): Bar => ({ from: edge(nth), to: edge(nth + 1) - 1, writes: 0, isYours: false }),
  )
  let nth = 0
  for (const { revision, isQuiet, isYours } of writes) {
    if (revision > last) break
    while (bars[nth]!.to < revision) nth++
    if (isQuiet) continue
    bars[nth]!.writes++
    bars[nth]!.isYours ||= isYours
  }
  return bars
}

export const writeAt = ({ writes }: Timeline, revision: number): Write | undefined =>
  writes.findLast((write) => write.revision <= revision)

/** The next revision of interest; what only says "I am still here" is passed over. */
export function nextWrite({ writes, last }: Timeline, after: number): number {
  return writes.find(({ revision, isQuiet }) => revision > after && !isQuiet)?.revision ?? last
}

/** Where a person wrote something, before or after a revision. */
export function nextDeed({ writes, first, last }: Timeline, from: number, direction: 'back' | 'on'): number {
  const isThere = ({ revision, isYours }: Write) =>
    isYours && (direction === 'back' ? revision < from : revision > from)
  return direction === 'back' ? (writes.findLast(isThere)?.revision ?? first) : (writes.find(isThere)?.revision ?? last)
}
