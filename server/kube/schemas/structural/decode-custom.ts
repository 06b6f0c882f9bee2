// From a request's JSON to a custom resource: metadata as those of any object, the rest as its schema knows it.
// Upstream: apiextensions-apiserver/pkg/apiserver/customresource_handler.go unstructuredSchemaCoercer.

import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../../apimachinery/json.ts'
import { badRequest } from '../../apimachinery/status-error.ts'
import { type Decoded, decodeMetadata } from '../decode.ts'
import { readObjectText } from '../read-object-text.ts'
import type { GroupVersionKind, Schemas } from '../schemas.ts'
import { plainJson } from '../strict-json.ts'
import type { JsonSchema } from './json-schema.ts'
import { prune } from './prune.ts'

export interface CustomKind extends GroupVersionKind {
  schema: JsonSchema
}

/** The object is fresh and holds what the schema knows. `told` is what the sender said it is. */
export function decodeCustom(schemas: Schemas, kind: CustomKind, input: string | JsonObject): Decoded {
  const { value, duplicates } = typeof input === 'string' ? readText(kind, input) : { value: input, duplicates: [] }
  // Inside the process an absent field may stand there as undefined.
  const sent = typeof input === 'string' ? value : parseJson(JSON.stringify(value))
  if (!isJsonObject(sent)) throw badRequest(`the object provided is unrecognized (must be of type ${kind.kind})`)
  const { apiVersion, kind: name, metadata: meta, ...rest } = sent
  const { metadata, problems } = decodeMetadata(schemas, kind, meta ?? {})
  const object = {
    apiVersion: kind.group ? `${kind.group}/${kind.version}` : kind.version,
    kind: kind.kind,
    metadata,
    ...rest,
  }
  const unknown = prune(object, kind.schema)
  return {
    object,
    told: { ...(apiVersion === undefined ? {} : { apiVersion }), ...(name === undefined ? {} : { kind: name }) },
    problems: [
      ...duplicates.map((path) => problem('duplicate', path)),
      ...problems,
      ...unknown.map((path) => problem('unknown', path)),
    ],
  }
}

const problem = (kind: 'duplicate' | 'unknown', path: string) => ({
  kind,
  path,
  message: `${kind} field ${JSON.stringify(path)}`,
})

function readText({ kind }: CustomKind, text: string): { value: JsonValue; duplicates: string[] } {
  const { value, duplicates } = readObjectText(kind, text)
  return { value: plainJson(value), duplicates }
}
