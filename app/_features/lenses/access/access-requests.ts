// Which requests the lens is about. Pure, from the events that the picture keeps: each was measured, with the decision as
// the API server made it then.

import type { RequestDecision, RequestTrace } from '../../../../server/base/trace.ts'
import type { PictureModel, Row } from '../picture/picture-model.ts'
import { isSameObject, type Selection } from '../picture/selection.ts'

export type Decided = RequestTrace & { decision: RequestDecision }
export type DecidedRow = Row<Decided>

/** What clients read to learn what there is; nobody asks for it by hand. */
const discovery = /^\/(api|apis|openapi|version)\b/

/** What people follow: requests of their own, and whatever was refused. */
export function isTelling(model: PictureModel, { event }: Row): boolean {
  if (!isDecided(event)) return false
  if (!event.decision.allowed) return true
  return model.place(event.client).role === 'you' && !discovery.test(event.path ?? '')
}

/** The newest, newest first. */
export function decidedRequests(
  model: PictureModel,
  most: number,
  wanted: (row: DecidedRow) => boolean = (row) => isTelling(model, row),
): DecidedRow[] {
  const found: DecidedRow[] = []
  for (let at = model.rows.length - 1; at >= 0 && found.length < most; at--) {
    const row = model.rows[at]!
    if (isDecided(row.event) && model.isVisible(row) && wanted(row as DecidedRow)) found.push(row as DecidedRow)
  }
  return found
}

/** The request that is looked at: the chosen one, the last about what is chosen, or else the last telling one. */
export function requestOf(model: PictureModel, selection: Selection): DecidedRow | undefined {
  const last = (wanted?: (row: DecidedRow) => boolean) => decidedRequests(model, 1, wanted)[0]
  if (!selection) return last()
  if ('client' in selection) return last(({ event }) => event.client === selection.client)
  if ('object' in selection) {
    return last(({ event }) => isSameObject(selection.object, event) && isTelling(model, { event } as Row)) ?? last()
  }
  const row = model.rowBySeq(selection.seq)
  // What is chosen has not happened yet at an earlier moment.
  if (!row) return last()
  const request = row.event.type === 'append' ? model.requestById(row.event.requestId) : row
  return request && isDecided(request.event) ? (request as DecidedRow) : undefined
}

function isDecided(event: Row['event']): event is Decided {
  return event.type === 'request' && event.decision !== undefined
}
