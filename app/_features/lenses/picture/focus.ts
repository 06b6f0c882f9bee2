// Which object is looked at when something else is chosen.

import type { AppendTrace, TraceEvent } from '../../../../server/base/trace.ts'
import type { PictureModel } from './picture-model.ts'
import type { ObjectRef, Selection } from './selection.ts'

/** They only tell of others. */
const tells = new Set(['events', 'leases'])
const mostRows = 100

/**
 * The object that is looked at: the chosen one, or that of the chosen event, or of what the learner did last; where they
 * have done nothing yet, what a part of the cluster wrote last.
 */
export function focusOf(model: PictureModel, selection: Selection): ObjectRef | undefined {
  if (selection && 'object' in selection) return selection.object
  if (selection && 'seq' in selection) return objectIn(model, model.rowBySeq(selection.seq)?.event)
  if (selection) return objectIn(model, model.client(selection.client).lastWrite)
  return objectIn(
    model,
    model.lastDeed ??
      model.tape(mostRows).findLast(({ event }) => !tells.has(event.resource) && isOfCluster(model, event))?.event,
  )
}

/** Whoever set the cluster up, or watches over it, is of no interest here; nor is what is gone. */
const isOfCluster = (model: PictureModel, { client, operation }: AppendTrace) =>
  model.place(client).role !== 'other' && operation !== 'delete'

function objectIn(model: PictureModel, event: TraceEvent | undefined): ObjectRef | undefined {
  if (!event || !('resource' in event) || event.type === 'watch') return undefined
  // Who lets the server choose the name learns it from what was appended.
  const { group, resource, namespace, name } =
    event.name === '' && 'revision' in event ? (model.appendOf(event.revision ?? 0)?.event ?? event) : event
  return name === '' ? undefined : { group, resource, namespace, name }
}
