// From a request's JSON to a custom resource: metadata as those of any object, the rest as its schema knows it.
// Upstream: apiextensions-apiserver/pkg/apiserver/customresource_handler.go unstructuredSchemaCoercer.

import { isDeeperThan } from '../../apimachinery/deep.ts'
import { KEPT_DEPTH } from '../../apimachinery/depth.ts'
import { isJsonObject, type JsonObject, parseJson, writeJson } from '../../apimachinery/json.ts'
import { badRequest, fieldError } from '../../apimachinery/status-error.ts'
import { shortened } from '../../apimachinery/told.ts'
import { cannotBeHandled, type Decoded, decodeMetadata } from '../decode.ts'
import { readObjectText } from '../read-object-text.ts'
import type { GroupVersionKind, Schemas } from '../schemas.ts'
import { readPlainJson, TypeProblem, tooDeep } from '../strict-json.ts'
import type { JsonSchema } from './json-schema.ts'
import { prune } from './prune.ts'

export interface CustomKind extends GroupVersionKind {
  schema: JsonSchema
}

/** The object is fresh and holds what the schema knows. `told` is what the sender said it is. */
export function decodeCustom(schemas: Schemas, kind: CustomKind, input: string | JsonObject): Decoded {
  try {
    return decoded(schemas, kind, input)
  } catch (err) {
    throw err instanceof TypeProblem ? cannotBeHandled(kind, err.message, err) : err
  }
}

function decoded(schemas: Schemas, kind: CustomKind, input: string | JsonObject): Decoded {
  const {
    value: sent,
    duplicates,
    depth,
  } = typeof input === 'string' ? readObjectText(kind.kind, input, readPlainJson) : copied(input)
  if (!isJsonObject(sent)) throw badRequest(`the object provided is unrecognized (must be of type ${kind.kind})`)
  const { apiVersion, kind: name, metadata: meta, ...rest } = sent
  const { metadata, problems } = decodeMetadata(schemas, kind, meta ?? {})
  const object = {
    apiVersion: kind.group ? `${kind.group}/${kind.version}` : kind.version,
    kind: kind.kind,
    metadata,
    ...rest,
  }
  // Objects within say of themselves what any object does, and nothing else of that is kept.
  const unknown = prune(object, kind.schema, (inner, path) => {
    assertTypeMeta(inner, path)
    if (inner.metadata === undefined) return
    const decoded = decodeMetadata(schemas, kind, inner.metadata ?? {}, path)
    inner.metadata = decoded.metadata
    problems.push(...decoded.problems)
  })
  if (depth > KEPT_DEPTH && isDeeperThan(object, KEPT_DEPTH)) throw tooDeep()
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

function assertTypeMeta(inner: JsonObject, path: string): void {
  for (const name of ['apiVersion', 'kind']) {
    const value = inner[name]
    if (value === undefined || typeof value === 'string') continue
    const { field, message } = fieldError.invalid(`${path}.${name}`, value, 'must be a string')
    throw new TypeProblem(`${field}: ${message}`)
  }
}

/** Inside the process an absent field may stand there as undefined. */
function copied(input: JsonObject): ReturnType<typeof readPlainJson> {
  if (isDeeperThan(input, KEPT_DEPTH)) throw tooDeep()
  return { value: parseJson(writeJson(input)), duplicates: [], depth: 0 }
}

const problem = (kind: 'duplicate' | 'unknown', path: string) => ({
  kind,
  path,
  message: `${kind} field ${JSON.stringify(shortened(path))}`,
})
