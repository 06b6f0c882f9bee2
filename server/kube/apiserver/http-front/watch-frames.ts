// The events of a watch as bytes. One change goes to many watchers: what is made of it is made once for each form that
// somebody reads, and kept as long as the change is.
//
//   JSON       {"type":"ADDED","object":{…}}\n
//   protobuf   its length in four bytes, then a WatchEvent

import type { JsonObject } from '../../apimachinery/json.ts'
import type { StatusError } from '../../apimachinery/status-error.ts'
import { type AnyKind, apiVersionOf } from '../../kinds/define-kind.ts'
import { PROTOBUF_CONTENT_TYPE, writeProtobufWatchEvent } from '../../schemas/protobuf/protobuf.ts'
import type { OutgoingEvent } from '../request-path/answer.ts'
import type { Representation } from '../request-path/negotiate.ts'
import { headOf, joinChunks, wireBytes } from '../watch-cache/entry.ts'
import type { CacheEvent } from '../watch-cache/resource-cache.ts'
import type { RenderContext } from './render.ts'
import { partialOf, tableOf } from './table.ts'

export class WatchFrames {
  readonly #shared = new WeakMap<CacheEvent, Map<string, Buffer>>()

  /** `withColumns` only for the first of a table watch, as upstream. */
  frame(kind: AnyKind, event: OutgoingEvent, context: RenderContext, withColumns: boolean): Buffer {
    const { representation, include, now } = context
    if (representation.as === 'table') {
      const metadata = { resourceVersion: event.object.metadata?.resourceVersion ?? '' }
      const objects = event.type === 'BOOKMARK' ? [] : [event.object]
      const told = { metadata, include, version: representation.version, now, withColumns }
      return frameOf(event.type, tableOf(kind, objects, told), context)
    }
    if (!event.source) return make(kind, event, context)
    const known = this.#shared.get(event.source) ?? new Map<string, Buffer>()
    const form = `${event.type} ${apiVersionOf(kind)} ${representation.format} ${representation.as}`
    const made = known.get(form) ?? make(kind, event, context)
    this.#shared.set(event.source, known.set(form, made))
    return made
  }
}

export const watchContentType = ({ format }: Representation) =>
  format === 'protobuf' ? `${PROTOBUF_CONTENT_TYPE};stream=watch` : 'application/json'

export const errorFrame = (error: StatusError, context: RenderContext) => frameOf('ERROR', error.toStatus(), context)

function make(kind: AnyKind, { type, object, entry }: OutgoingEvent, context: RenderContext): Buffer {
  const { as, format } = context.representation
  if (as === 'partial' || as === 'partial list') return frameOf(type, partialOf(object), context)
  return entry && format === 'json' ? lineOf(type, wireBytes(headOf(kind), entry)) : frameOf(type, object, context)
}

function frameOf(type: string, object: object, { representation, schemas }: RenderContext): Buffer {
  const frame = representation.format === 'protobuf' && writeProtobufWatchEvent(schemas, type, object as JsonObject)
  return frame || lineOf(type, Buffer.from(JSON.stringify(object)))
}

const lineOf = (type: string, object: Buffer) => joinChunks([`{"type":"${type}","object":`, object, '}\n'])
