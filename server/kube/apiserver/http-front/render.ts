// An answer as bytes, in the form the client asked for. What is stored is sent as it is stored; only other forms are
// made anew. Upstream: apiserver/pkg/endpoints/handlers/response.go.

import { type JsonObject, writeJson } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { PageNotFoundError, StatusError } from '../../apimachinery/status-error.ts'
import { writeYaml } from '../../apimachinery/yaml.ts'
import { type AnyKind, apiVersionOf } from '../../kinds/define-kind.ts'
import { inGoOrder, sortedKeys } from '../../schemas/go-order.ts'
import { withNulls } from '../../schemas/null-fields.ts'
import { PROTOBUF_CONTENT_TYPE, writeProtobuf } from '../../schemas/protobuf/protobuf.ts'
import type { Schemas } from '../../schemas/schemas.ts'
import type { ListAnswer, ObjectAnswer } from '../request-path/answer.ts'
import type { Representation } from '../request-path/negotiate.ts'
import { headOf, joinChunks, wireChunks } from '../watch-cache/entry.ts'
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
  const { representation, include, now, schemas } = context
  const { object, stored, shown = stored && { kind: stored.kind, objects: [stored.entry.object] } } = answer
  switch (representation.as) {
    case 'table': {
      if (!shown) break
      const { resourceVersion = '' } = (shown.objects.length === 1 && shown.objects[0]?.metadata) || {}
      const told = { metadata: { resourceVersion }, include, version: representation.version, now, schemas }
      return render(tableOf(shown.kind, shown.objects, told), context)
    }
    case 'partial':
      if (!stored) break
      return render(partialOf(stored.entry.object, `meta.k8s.io/${representation.version}`), context)
    case 'partial list':
      if (!stored) break
      throw new StatusError(
        'NotAcceptable',
        `you requested PartialObjectMetadataList, but the requested object is not a list (*v1.${stored.kind.kind})`,
      )
    default:
      if (!stored || representation.format !== 'json' || representation.pretty) break
      return {
        contentType: JSON_TYPE,
        body: joinChunks([...wireChunks(headOf(stored.kind), stored.entry, 'whole'), '\n']),
      }
  }
  return render(asGoWrites(object as object, stored?.kind, context), context)
}

/** What is not stored has been through no one's hands yet; of custom resources Go sorts every key, which only people see. */
function asGoWrites(object: object, kind: AnyKind | undefined, { representation, schemas }: RenderContext): object {
  if (kind && !schemas.typeOf(kind))
    return representation.pretty ? (sortedKeys(object as JsonObject) as JsonObject) : object
  const { apiVersion = '', kind: name = '' } = object as KubeObject
  const [version = '', group = ''] = apiVersion.split('/').reverse()
  const gvk = { group, version, kind: name }
  return withNulls(schemas, gvk, inGoOrder(schemas, gvk, object))
}

export function renderList({ kind, result }: ListAnswer, context: RenderContext): Rendered {
  const { representation, include, now, schemas } = context
  const { metadata, entries } = result
  switch (representation.as) {
    case 'table': {
      const objects = entries.map((entry) => entry.object)
      return render(
        tableOf(kind, objects, { metadata, include, version: representation.version, now, schemas }),
        context,
      )
    }
    case 'partial':
      throw new StatusError(
        'NotAcceptable',
        `you requested PartialObjectMetadata, but the requested object is a list (*v1.${kind.kind}List)`,
      )
    case 'partial list': {
      const apiVersion = `meta.k8s.io/${representation.version}`
      const items = entries.map((entry) => partialOf(entry.object, apiVersion))
      return render({ kind: 'PartialObjectMetadataList', apiVersion, metadata, items }, context)
    }
    default: {
      const shell = { kind: kind.listKind, apiVersion: apiVersionOf(kind), metadata }
      // Only items of custom resources say their kind; protobuf has no place for it.
      const { format, pretty } = representation
      if (format !== 'json' || pretty) {
        const isBare = !kind.schema && format !== 'protobuf'
        const items = entries.map(({ object }) => (isBare ? withoutKind(object) : object))
        return render(asGoWrites({ ...shell, items }, kind, context), context)
      }
      const head = headOf(kind)
      const chunks: (string | Buffer)[] = [`${JSON.stringify(shell).slice(0, -1)},"items":[`]
      for (const [index, entry] of entries.entries()) {
        if (index > 0) chunks.push(',')
        chunks.push(...wireChunks(head, entry, kind.schema ? 'whole' : 'item'))
      }
      chunks.push(']}\n')
      return { contentType: JSON_TYPE, body: joinChunks(chunks) }
    }
  }
}

const withoutKind = ({ kind: _kind, apiVersion: _apiVersion, ...rest }: KubeObject) => rest

/** Any object in the client's format, made from scratch. */
export function render(object: unknown, { representation, schemas }: RenderContext): Rendered {
  switch (representation.format) {
    case 'yaml':
      // Upstream makes it of maps.
      return { contentType: 'application/yaml', body: Buffer.from(writeYaml(sortedKeys(object as JsonObject))) }
    case 'protobuf': {
      const body = writeProtobuf(schemas, object as JsonObject)
      return body ? { contentType: PROTOBUF_CONTENT_TYPE, body } : { contentType: JSON_TYPE, body: text(object) }
    }
    default:
      return {
        contentType: JSON_TYPE,
        body: representation.pretty ? Buffer.from(`${JSON.stringify(object, undefined, 2)}\n`) : text(object),
      }
  }
}

/** Whatever has been asked for, a refusal can always be read. */
export function renderError(error: StatusError, context: RenderContext): Rendered {
  if (error instanceof PageNotFoundError) {
    return { contentType: 'text/plain; charset=utf-8', body: Buffer.from('404 page not found\n') }
  }
  return render(error.toStatus(), context)
}

/** Go's encoder ends what it writes with a new line. */
const text = (object: unknown) => Buffer.from(`${writeJson(object)}\n`)
