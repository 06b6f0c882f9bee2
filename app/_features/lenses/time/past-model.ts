// The picture of an earlier moment: the events that had happened by then, taken in once more, and Pods and machines as
// the store had them. So every card, table and microscope shows the past with the code that shows the present.

import type { PastMoment } from '../../../../server/observe/index.ts'
import type { Dot, PictureModel, Row } from '../picture/picture-model.ts'

/** How many of the rows had happened when the revision was the newest. */
export function countUpTo(rows: readonly Row[], revision: number): number {
  const later = rows.findIndex(({ event }) => event.type === 'append' && event.revision > revision)
  return later < 0 ? rows.length : later
}

/** Whether the events that led to the revision are kept; its objects may be known without them. */
export function knowsEventsOf(rows: readonly Row[], revision: number): boolean {
  const first = rows.find(({ event }) => event.type === 'append')?.event
  return first === undefined || (first.type === 'append' && revision >= first.revision - 1)
}

/** Until when the revision was the newest; undefined where that is not kept. By the events' own clock. */
export function endOf(rows: readonly Row[], revision: number): number | undefined {
  if (!knowsEventsOf(rows, revision)) return undefined
  return rows[countUpTo(rows, revision)]?.event.at ?? Number.POSITIVE_INFINITY
}

export function pastModel(live: PictureModel, moment: PastMoment): PictureModel {
  const past = live.emptyTwin()
  goOn(past, live, moment)
  return past
}

/** Brings the picture of an earlier moment to a later one, and says what moves on the way. */
export function goOn(past: PictureModel, live: PictureModel, moment: PastMoment): Dot[] {
  const rows = knowsEventsOf(live.rows, moment.revision)
    ? live.rows.slice(0, countUpTo(live.rows, moment.revision)).filter(({ seq }) => seq > past.seq)
    : []
  return past.replay(rows, moment)
}
