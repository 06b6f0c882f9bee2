// Every attempt to write one object, as it was measured: who sent what, for which state of the object it was meant, and
// whether the store took it. Pure, from the events that the picture keeps.

import type { RequestTrace } from '../../../../server/base/trace.ts'
import type { PictureModel } from '../picture/picture-model.ts'
import { isSameObject, type ObjectRef } from '../picture/selection.ts'

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

/** Writes of the status that follow each other, told as one: they are many, and nobody competes with them. */
export interface Folded {
  seq: number
  client: string
  count: number
  /** The revision that the last of them made. */
  upTo: number
}

export function foldStatus(attempts: readonly Attempt[]): (Attempt | Folded)[] {
  const folded: (Attempt | Folded)[] = []
  for (const attempt of attempts) {
    const last = folded.at(-1)
    const { seq, client, wrote } = attempt
    if (!wrote || !attempt.method.endsWith(' status')) folded.push(attempt)
    else if (last && 'count' in last) Object.assign(last, { seq, client, count: last.count + 1, upTo: wrote.revision })
    else folded.push({ seq, client, count: 1, upTo: wrote.revision })
  }
  return folded
}
