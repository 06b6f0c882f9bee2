// The three OpenAPI doors of an API server. Documents are made when first asked for and kept as bytes.
//
// An ETag is the hash of what a document is made from, not of the document: the index names the hash of every document,
// and must not have to make them all. The bytes are kept with the schemas, so all clusters of a process share them.

import { createHash } from 'node:crypto'
import type { JsonObject } from '../../apimachinery/json.ts'
import type { OpenApiDocument } from '../recent-documents.ts'
import type { Schemas } from '../schemas.ts'
import { type ForeignDocuments, withForeign } from './foreign.ts'
import { gnosticVersion2 } from './gnostic-version-2.ts'
import { gnosticVersion3 } from './gnostic-version-3.ts'
import { pathsOf } from './paths.ts'
import type { ServedKind } from './served-kind.ts'
import { definitionsOf } from './type-schema.ts'

export interface OpenApi {
  /** `/openapi/v3`: `{ paths: { 'apis/apps/v1': { serverRelativeURL: '/openapi/v3/apis/apps/v1?hash=…' } } }`. */
  v3Index(): OpenApiDocument
  /** `/openapi/v3/<path>` with path `api/v1` or `apis/apps/v1`; undefined when no such group version is served. */
  v3(path: string, form?: 'json' | 'protobuf'): OpenApiDocument | undefined
  /** `/openapi/v2`, as JSON or in kubectl's old protobuf form, by the Accept header. */
  v2(accept: string | undefined): OpenApiDocument
}

export interface OpenApiSource {
  schemas: Schemas
  kinds: readonly ServedKind[]
  /** `v1.36.0`, shown in `info.version`. */
  version: string
  /** What others serve behind this server, as they tell it. */
  foreign?: readonly ForeignDocuments[]
  /** Of schemas of custom resources, kept by whoever makes one of these after the other. */
  schemaHashes?: WeakMap<JsonObject, string>
}

/** Clients ask for `…v2@v1.0+protobuf`, but Go refuses to parse an answer with an @ in its type. */
const V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'
const V3_PROTOBUF = 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf'

/** Make a new one whenever the set of kinds changes (a CRD came or went); it costs nothing until asked. */
export function openApi({
  schemas,
  kinds,
  version,
  foreign = [],
  schemaHashes = new WeakMap(),
}: OpenApiSource): OpenApi {
  const byPath = new Map<string, ServedKind[]>()
  for (const kind of kinds) {
    const path = kind.group ? `apis/${kind.group}/${kind.version}` : `api/${kind.version}`
    const same = byPath.get(path)
    if (same) same.push(kind)
    else byPath.set(path, [kind])
  }
  const hash = (...parts: unknown[]) => sha256([version, ...parts])
  const remembered = new Map<string, string>()
  const hashOf = (path: string): string => {
    const known = remembered.get(path) ?? hash(path, foreignV3.get(path) ?? byPath.get(path)?.map(told))
    remembered.set(path, known)
    return known
  }
  const hashOfAll = once(() => hash('v2', kinds.map(told), foreign))

  /** Of a custom resource the schema by its hash: of a thousand definitions one has changed. */
  function told({ schema, ...rest }: ServedKind): object {
    if (!schema) return rest
    const known = schemaHashes.get(schema) ?? sha256(schema)
    schemaHashes.set(schema, known)
    return { ...rest, schema: known }
  }

  function kept(hash: string, contentType: string, make: () => Buffer): OpenApiDocument {
    const key = `${hash} ${contentType}`
    const known = schemas.documents.get(key)
    if (known) return known
    const document = { etag: `"${hash}"`, contentType, body: make() }
    schemas.documents.add(key, document)
    return document
  }

  function v3Document(served: readonly ServedKind[]): JsonObject {
    const dialect = { version: 3 as const, schemas, describe: schemas.descriptions(), describesQueries: false }
    return {
      openapi: '3.0.0',
      info: { title: 'Kubernetes', version },
      paths: pathsOf(served, dialect),
      components: {
        schemas: definitionsOf(served, dialect),
        securitySchemes: { BearerToken: BEARER_TOKEN },
      },
    }
  }

  function v2Document(describesQueries: boolean): JsonObject {
    const dialect = { version: 2 as const, schemas, describe: schemas.descriptions(), describesQueries }
    return {
      swagger: '2.0',
      info: { title: 'Kubernetes', version },
      ...withForeign({ paths: pathsOf(kinds, dialect), definitions: definitionsOf(kinds, dialect) }, foreign),
      securityDefinitions: { BearerToken: BEARER_TOKEN },
      security: [{ BearerToken: [] }],
    }
  }
  const foreignV3 = new Map(foreign.flatMap(({ path, v3 }) => (v3 ? [[path, v3] as const] : [])))

  const index = once(() => {
    const paths: JsonObject = {}
    for (const path of [...[...byPath.keys()].sort(), ...foreignV3.keys()]) {
      paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hashOf(path)}` }
    }
    return { etag: `"${hash('index', paths)}"`, contentType: 'application/json', body: toBytes({ paths }) }
  })

  return {
    v3Index: index,

    v3(path, form = 'json') {
      const others = foreignV3.get(path)
      const served = byPath.get(path)
      if (!others && !served) return undefined
      const make = () => others ?? v3Document(served!)
      // Both forms of a document are under one hash.
      return form === 'json'
        ? kept(hashOf(path), 'application/json', () => toBytes(make()))
        : kept(hashOf(path), V3_PROTOBUF, () => gnosticVersion3(make()))
    },

    v2(accept) {
      const isProtobuf = accept?.includes('com.github.proto-openapi.spec.v2') ?? false
      return isProtobuf
        ? kept(sha256(['protobuf', hashOfAll()]), V2_PROTOBUF, () => gnosticVersion2(v2Document(false)))
        : kept(hashOfAll(), 'application/json', () => toBytes(v2Document(true)))
    },
  }
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

const sha256 = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex').toUpperCase()

const BEARER_TOKEN = { description: 'Bearer Token authentication', in: 'header', name: 'authorization', type: 'apiKey' }

const toBytes = (document: JsonObject) => Buffer.from(JSON.stringify(document))
