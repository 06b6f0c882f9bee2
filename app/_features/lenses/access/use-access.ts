// What all parts of the lens show: the chosen request with its decision as it was measured, or the question that was typed;
// and what the policy, as it is at the moment that is looked at, says to it.

import { useEffect, useSyncExternalStore } from 'react'
import type { AccessPush, AccessQuestion } from '../../../../server/observe/index.ts'
import type { LensProps } from '../lens.ts'
import type { PictureModel } from '../picture/picture-model.ts'
import { usePictureVersion } from '../picture/use-picture.ts'
import { type DecidedRow, requestOf } from './access-requests.ts'
import { AccessStore, keyOf } from './access-store.ts'
import { type ChainRow, chainRows, holderRows } from './chain-rows.ts'
import { type Draft, draftOf, lackOf, questionOf, questionOfRequest } from './draft.ts'
import { type Ruling, rulingOf } from './ruling.ts'

export interface Access {
  /** Undefined: nothing was asked yet that could be shown. */
  request: DecidedRow | undefined
  /** What the form shows. */
  draft: Draft
  isTyped: boolean
  /** What is missing in the question, or what is odd about it. */
  note: string
  problem: string
  question: AccessQuestion | undefined
  /** Undefined while a typed question is on its way. */
  ruling: Ruling | undefined
  rows: ChainRow[]
  /** The policy's answer, as it is now, or was at the moment that is looked at. */
  now: AccessPush | undefined
  /** Undefined: now. */
  moment: number | undefined
  subjects: AccessPush['subjects']
  type(draft: Draft | undefined): void
}

const makeStore = () => new AccessStore()
const emptyDraft: Draft = { subject: '', verb: '', what: '', namespace: 'default', name: '' }
const whoIsThere: AccessQuestion = {
  wish: { verb: 'get', resource: 'pods', subresource: '', namespace: 'default', name: '', path: '' },
}

export function useAccess({ store, selection, sessionId }: LensProps): Access {
  usePictureVersion(store)
  const access = store.part(makeStore)
  useSyncExternalStore(access.subscribe, access.snapshot, access.snapshot)
  const { model } = store
  const chosen = JSON.stringify(selection)
  const request = requestOf(model, selection)
  const draft = access.draft && access.draftFor === chosen ? access.draft : undefined
  const question = draft ? questionOf(draft, groupsSeen(model)) : request ? questionOfRequest(request.event) : undefined
  // Without a question one may still pick from those who are there.
  const moment = store.moment?.revision
  const key = keyOf({ question: question ?? whoIsThere, revision: moment })
  useEffect(() => (sessionId ? access.open(sessionId, key) : undefined), [access, sessionId, key])

  const now = question ? access.answerTo(key) : undefined
  const ruling = rulingOf({ draft, request: request?.event, now })
  return {
    request,
    draft: draft ?? (request ? draftOf(request.event) : emptyDraft),
    isTyped: draft !== undefined,
    note: draft ? lackOf(draft) || (now?.note ?? '') : '',
    problem: access.problem,
    question,
    ruling,
    rows: ruling ? chainRows(ruling, now?.verdict?.reach) : holderRows(question?.who ? [] : (now?.holders ?? [])),
    now,
    moment,
    subjects: access.subjects,
    type: (next) => access.type(next, chosen),
  }
}

/** The groups that users were seen to count as; the newest request tells. */
function groupsSeen(model: PictureModel): Map<string, readonly string[]> {
  const seen = new Map<string, readonly string[]>()
  for (const { event } of model.rows) {
    if (event.type === 'request' && event.decision) seen.set(event.user, event.decision.groups)
  }
  return seen
}
