// An answer as bytes, in the form the client asked for. What is stored is sent as it is stored; only other forms are
// made anew.

import { stringify as toYaml } from 'yaml'
import type { JsonObject } from '../../apimachinery/json.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import { type AnyKind, apiVersionOf } from '../../kinds/define-kind.ts'
import { PROTOBUF_CONTENT_TYPE, writeProtobuf, writeProtobufWatchEvent } from '../../schemas/protobuf/protobuf.ts'
import type { Schemas } from '../../schemas/schemas.ts'
import type { ListAnswer, ObjectAnswer, OutgoingEvent } from '../request-path/answer.ts'
import type { Representation } from '../request-path/negotiate.ts'
import { headOf, wireBytes, wireChunks } from '../watch-cache/entry.ts'
import type { CacheEvent } from '../watch-cache/resource-cache.ts'
import { type IncludeObject, partialOf, tableOf } from './table.ts'

export interface RenderContext {
  representation: Representation
  include: IncludeObject
  now: number
  schemas: Schemas
}

export interface Rendered {
  contentType: string
  body: Buffer
}

const JSON_TYPE = 'application/json'

export function renderObject(answer: ObjectAnswer, context: RenderContext): Rendered {
  const { representation, include, now } = context
  const { object, stored, shown = stored && { kind: stored.kind, object: stored.entry.object } } = answer
  if (shown && representation.as === 'table') {
    const { resourceVersion = '' } = shown.object.metadata ?? {}
    const told = { metadata: { resourceVersion }, include, version: representation.version, now }
    return json(tableOf(shown.kind, [shown.object], told))
  }
  if (stored && representation.as === 'partial') return json(partialOf(stored.entry.object))
  if (stored && representation.as === 'partial list') throw notAcceptable()
  if (representation.as === 'object' && representation.format === 'yaml') return yaml(object)
  if (representation.as === 'object' && representation.format === 'protobuf') return protobuf(context.schemas, object)
  if (stored) return { contentType: JSON_TYPE, body: wireBytes(headOf(stored.kind), stored.entry) }
  if (representation.as === 'discovery') {
    return { contentType: `${JSON_TYPE};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList`, body: text(object) }
  }
  return json(object)
}

export function renderList({ kind, result }: ListAnswer, context: RenderContext): Rendered {
  const { representation, include, now } = context
  const { metadata, entries } = result
  switch (representation.as) {
    case 'table': {
      const objects = entries.map((entry) => entry.object)
      return json(tableOf(kind, objects, { metadata, include, version: representation.version, now }))
    }
    case 'partial list':
    case 'partial':
      return json({
        kind: 'PartialObjectMetadataList',
        apiVersion: 'meta.k8s.io/v1',
        metadata,
        items: entries.map((entry) => partialOf(entry.object)),
      })
    default: {
      if (representation.as === 'object' && representation.format === 'yaml') {
        const items = entries.map((entry) => entry.object)
        return yaml({ kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata, items })
      }
      if (representation.as === 'object' && representation.format === 'protobuf') {
        const items = entries.map((entry) => entry.object)
        return protobuf(context.schemas, { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata, items })
      }
      const head = headOf(kind)
      const told = JSON.stringify({ kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata })
      const chunks: (string | Buffer)[] = [`${told.slice(0, -1)},"items":[`]
      for (const [index, entry] of entries.entries()) {
        if (index > 0) chunks.push(',')
        chunks.push(...wireChunks(head, entry, 'item'))
      }
      chunks.push(']}')
      return { contentType: JSON_TYPE, body: joinChunks(chunks) }
    }
  }
}

/** Lines of a watch. One change goes to many watchers: its line is made once and kept as long as the change is. */
export class WatchLines {
  readonly #lines = new WeakMap<CacheEvent, Map<string, Buffer>>()

  /** `withColumns` only for the first of a table watch, as upstream. */
  line(kind: AnyKind, event: OutgoingEvent, context: RenderContext, withColumns: boolean): Buffer {
    const { representation, include, now } = context
    switch (representation.as) {
      case 'table': {
        const metadata = { resourceVersion: event.object.metadata?.resourceVersion ?? '' }
        const objects = event.type === 'BOOKMARK' ? [] : [event.object]
        const object = tableOf(kind, objects, { metadata, include, version: representation.version, now, withColumns })
        return lineOf(event.type, text(object))
      }
      case 'partial':
      case 'partial list':
        return lineOf(event.type, text(partialOf(event.object)))
      default: {
        const isBinary = representation.as === 'object' && representation.format === 'protobuf'
        const frame = isBinary && writeProtobufWatchEvent(context.schemas, event.type, event.object as JsonObject)
        return frame || this.#plain(kind, event)
      }
    }
  }

  #plain(kind: AnyKind, { type, entry, object, source }: OutgoingEvent): Buffer {
    if (!entry) return lineOf(type, text(object))
    const known = source && this.#lines.get(source)
    const made = known?.get(type)
    if (made) return made
    const line = lineOf(type, wireBytes(headOf(kind), entry))
    if (known) known.set(type, line)
    else if (source) this.#lines.set(source, new Map([[type, line]]))
    return line
  }
}

export function errorLine(error: StatusError): Buffer {
  return lineOf('ERROR', text(error.toStatus()))
}

const END = Buffer.from('}\n')
function lineOf(type: string, object: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`{"type":"${type}","object":`), object, END])
}

function joinChunks(chunks: (string | Buffer)[]): Buffer {
  return Buffer.concat(chunks.map((chunk) => (typeof chunk === 'string' ? Buffer.from(chunk) : chunk)))
}

const text = (object: unknown) => Buffer.from(JSON.stringify(object))
const json = (object: unknown): Rendered => ({ contentType: JSON_TYPE, body: text(object) })
const yaml = (object: unknown): Rendered => ({
  contentType: 'application/yaml',
  body: Buffer.from(toYaml(object, { aliasDuplicateObjects: false })),
})

/** Custom resources have no protobuf form and are shown as JSON, as upstream does. */
function protobuf(schemas: Schemas, object: unknown): Rendered {
  const body = writeProtobuf(schemas, object as JsonObject)
  return body ? { contentType: PROTOBUF_CONTENT_TYPE, body } : json(object)
}

const notAcceptable = () =>
  new StatusError(
    'NotAcceptable',
    'you requested PartialObjectMetadataList, but the requested object is not a list (meta.k8s.io/v1, Kind=PartialObjectMetadata)',
  )
