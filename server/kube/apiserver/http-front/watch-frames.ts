// The events of a watch as bytes.
//
//   JSON       {"type":"ADDED","object":{…}}\n
//   protobuf   its length in four bytes, then a WatchEvent

import type { Clock } from '../../../base/clock.ts'
import { type JsonObject, writeJson } from '../../apimachinery/json.ts'
import type { StatusError } from '../../apimachinery/status-error.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { withNulls } from '../../schemas/null-fields.ts'
import { PROTOBUF_CONTENT_TYPE, writeProtobufWatchEvent } from '../../schemas/protobuf/protobuf.ts'
import type { OutgoingEvent } from '../request-path/answer.ts'
import type { Representation } from '../request-path/negotiate.ts'
import { headOf, joinChunks, wireBytes } from '../watch-cache/entry.ts'
import type { RenderContext } from './render.ts'
import { partialOf, tableOf } from './table.ts'

export interface Frames {
  frameOf(event: OutgoingEvent): Buffer
  /** Two watches of the same form get the same bytes for the same event; undefined where no two do. */
  form: string | undefined
}

/** What turns the events of one watch into bytes. */
export function watchFrames(kind: AnyKind, context: RenderContext, clock: Clock): Frames {
  const { as, format } = context.representation
  if (as === 'table') return { frameOf: tableFrames(kind, context, clock), form: undefined }
  const form =
    'version' in context.representation ? `${format} ${as} ${context.representation.version}` : `${format} ${as}`
  return { frameOf: (event) => make(kind, event, context), form }
}

/** Rows have ages, so each is made for its moment; only the first brings the columns, as upstream. */
function tableFrames(kind: AnyKind, context: RenderContext, clock: Clock): (event: OutgoingEvent) => Buffer {
  const { representation, include, schemas } = context
  const version = representation.as === 'table' ? representation.version : 'v1'
  let withColumns = true
  return ({ type, object }) => {
    const metadata = { resourceVersion: object.metadata?.resourceVersion ?? '' }
    const told = { metadata, include, version, now: clock.now(), schemas, withColumns }
    withColumns = false
    return frameOf(type, tableOf(kind, type === 'BOOKMARK' ? [] : [object], told), context)
  }
}

export const watchContentType = ({ format }: Representation) =>
  format === 'protobuf' ? `${PROTOBUF_CONTENT_TYPE};stream=watch` : 'application/json'

export const errorFrame = (error: StatusError, context: RenderContext) => frameOf('ERROR', error.toStatus(), context)

function make(kind: AnyKind, { type, object, entry }: OutgoingEvent, context: RenderContext): Buffer {
  const { representation } = context
  const { as, format } = representation
  if (as === 'partial' || as === 'partial list') {
    return frameOf(type, partialOf(object, `meta.k8s.io/${representation.version}`), context)
  }
  if (format !== 'json') return frameOf(type, object, context)
  return entry
    ? lineOf(type, wireBytes(headOf(kind), entry))
    : frameOf(type, withNulls(context.schemas, kind, object), context)
}

function frameOf(type: string, object: object, { representation, schemas }: RenderContext): Buffer {
  const frame = representation.format === 'protobuf' && writeProtobufWatchEvent(schemas, type, object as JsonObject)
  return frame || lineOf(type, Buffer.from(writeJson(object)))
}

const lineOf = (type: string, object: Buffer) => joinChunks([`{"type":"${type}","object":`, object, '}\n'])
