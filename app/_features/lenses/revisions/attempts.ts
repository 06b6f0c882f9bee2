// Every attempt to write one object, as it was measured: who sent what, for which state of the object it was meant, and
// whether the store took it. Pure, from the events that the picture keeps.

import type { RequestTrace, TraceEvent } from '../../../../server/base/trace.ts'
import type { PictureModel } from '../picture/picture-model.ts'
import { isSameObject, type ObjectRef, type Selection } from '../picture/selection.ts'

export interface Attempt {
  /** Of the event to look at: the append, or the request that was refused. */
  seq: number
  client: string
  /** As it went over the wire: `PUT`, `PATCH status`. */
  method: string
  /** The resourceVersion that the sender named; undefined: it would have changed any state. */
  meantFor?: number
  /** The revision that the object had; undefined when there was none, or it is not kept. */
  found?: number
  code: number
  /** Undefined: nothing was written. */
  wrote?: { revision: number; operation: 'create' | 'update' | 'delete' }
  /** What a refused writer had sent. */
  refused?: object
}

const methods: Record<string, string> = {
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETE',
}

/** The newest attempts, oldest first. */
export function attemptsOf(model: PictureModel, object: ObjectRef, most: number): Attempt[] {
  const attempts: Attempt[] = []
  let found: number | undefined
  for (const { seq, event } of model.rows) {
    if (event.type === 'append' && isSameObject(object, event)) {
      const { revision, operation, client, requestId } = event
      const request = model.requestById(requestId)?.event
      attempts.push({
        ...{ seq, client, method: request ? methodOf(request) : operation, code: request?.code ?? 200 },
        ...(request?.meantFor === undefined ? {} : { meantFor: request.meantFor }),
        ...(found === undefined || operation === 'create' ? {} : { found }),
        wrote: { revision, operation },
      })
      found = operation === 'delete' ? undefined : revision
    } else if (event.type === 'request' && isSameObject(object, event) && event.code >= 400 && methods[event.verb]) {
      const { client, code, meantFor, refused } = event
      attempts.push({
        ...{ seq, client, method: methodOf(event), code },
        ...(meantFor === undefined ? {} : { meantFor }),
        ...(found === undefined ? {} : { found }),
        ...(refused ? { refused } : {}),
      })
    }
  }
  return attempts.slice(-most)
}

function methodOf({ verb, subresource }: RequestTrace): string {
  return `${methods[verb] ?? verb}${subresource ? ` ${subresource}` : ''}`
}

/** The object that is looked at: the chosen one, or that of the chosen event, or of what the learner did last. */
export function focusOf(model: PictureModel, selection: Selection): ObjectRef | undefined {
  if (selection && 'object' in selection) return selection.object
  if (selection && 'seq' in selection) return objectIn(model, model.rowBySeq(selection.seq)?.event)
  const last = selection ? model.client(selection.client).lastWrite : model.lastDeed
  return objectIn(model, last)
}

function objectIn(model: PictureModel, event: TraceEvent | undefined): ObjectRef | undefined {
  if (!event || !('resource' in event) || event.type === 'watch') return undefined
  // Who lets the server choose the name learns it from what was appended.
  const { group, resource, namespace, name } =
    event.name === '' && 'revision' in event ? (model.appendOf(event.revision ?? 0)?.event ?? event) : event
  return name === '' ? undefined : { group, resource, namespace, name }
}
