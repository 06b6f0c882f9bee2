// What is told of the kinds that are served now: discovery and OpenAPI, made anew when a kind has come or gone, and only
// when somebody asks. Upstream: apiserver/pkg/endpoints/discovery/aggregated, kube-openapi/pkg/handler3.

import { createHash } from 'node:crypto'
import type { Clock } from '../../../base/clock.ts'
import type { JsonObject } from '../../apimachinery/json.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import { writeYaml } from '../../apimachinery/yaml.ts'
import { type AnyKind, apiVersionOf } from '../../kinds/define-kind.ts'
import { type OpenApi, openApi } from '../../schemas/openapi/openapi.ts'
import { PROTOBUF_CONTENT_TYPE, writeProtobuf } from '../../schemas/protobuf/protobuf.ts'
import type { Schemas } from '../../schemas/schemas.ts'
import type { DocumentAnswer } from '../request-path/answer.ts'
import { firstAccepted, type Representation } from '../request-path/negotiate.ts'
import { type ApiResources, noSuchResource } from './api-resources.ts'
import { Discovery } from './discovery.ts'
import { VERSION } from './server-state.ts'
import type { UnstoredKind } from './unstored-kind.ts'

const SUBRESOURCES_WITHOUT_DOCUMENTS = new Set(['finalize'])
const VERBS = ['get', 'list', 'create', 'update', 'patch', 'delete', 'deletecollection', 'watch']
const MEDIA_TYPES = { json: 'application/json', yaml: 'application/yaml', protobuf: PROTOBUF_CONTENT_TYPE }
const AGGREGATED = 'g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
/** The last is the old name of the one before. */
const V3_TYPES = [
  'application/json',
  'application/com.github.proto-openapi.spec.v3.v1.0+protobuf',
  'application/com.github.proto-openapi.spec.v3@v1.0+protobuf',
]
const YEAR_MS = 365 * 24 * 3600_000

interface Made {
  generation: number
  discovery: Discovery
  openApi: OpenApi
  aggregated: Map<string, DocumentAnswer>
}

export class ServedDocuments {
  readonly #resources: ApiResources
  readonly #schemas: Schemas
  readonly #unstored: readonly UnstoredKind[]
  readonly #clock: Clock
  readonly #schemaHashes = new WeakMap<JsonObject, string>()
  #made: Made | undefined

  constructor(told: {
    resources: ApiResources
    unstored: readonly UnstoredKind[]
    schemas: Schemas
    clock: Clock
  }) {
    this.#unstored = told.unstored
    this.#resources = told.resources
    this.#schemas = told.schemas
    this.#clock = told.clock
  }

  get #now(): Made {
    const { kinds, generation, foreign } = this.#resources
    if (this.#made?.generation === generation) return this.#made
    // What another server serves, this one does not.
    const unstored = this.#unstored.filter(({ kind }) => !foreign.has(apiVersionOf(kind)))
    this.#made = {
      generation,
      discovery: new Discovery({
        kinds,
        storedAs: (kind) => this.#resources.storedAs(kind),
        isEnding: (kind) => this.#resources.isEnding(kind),
        unstored,
        foreign: foreign.values(),
      }),
      openApi: openApi({
        schemas: this.#schemas,
        version: VERSION.gitVersion,
        schemaHashes: this.#schemaHashes,
        kinds: [
          ...kinds.map((kind) => documented(kind, VERBS)),
          ...unstored.map(({ kind, verbs }) => documented(kind, verbs)),
        ],
        foreign: Array.from(foreign.values(), ({ groupVersion, openApi }) => ({
          path: `apis/${groupVersion}`,
          ...openApi,
        })),
      }),
      aggregated: new Map(),
    }
    return this.#made
  }

  get discovery(): Discovery {
    return this.#now.discovery
  }

  /** The whole of `/api` or `/apis`. Clients keep it and ask only whether it has changed. */
  aggregated(root: 'api' | 'apis', { format, pretty }: Pick<Representation, 'format' | 'pretty'>): DocumentAnswer {
    const { aggregated, discovery } = this.#now
    const form = format === 'json' && pretty ? 'lines' : format
    const known = aggregated.get(`${root} ${form}`)
    if (known) return known
    const told = discovery.aggregated(root)
    const plain = JSON.stringify(told)
    const bodies = {
      json: () => plain,
      lines: () => `${JSON.stringify(told, undefined, 2)}\n`,
      yaml: () => writeYaml(told),
      protobuf: () => writeProtobuf(this.#schemas, told as unknown as JsonObject)!,
    }
    // Of what it says, in whatever form it says it.
    const etag = `"${createHash('sha512').update(plain).digest('hex').toUpperCase()}"`
    const headers = { Vary: 'Accept', 'Cache-Control': 'public' }
    const contentType = `${MEDIA_TYPES[format]};${AGGREGATED}`
    const document: DocumentAnswer = {
      type: 'document',
      code: 200,
      contentType,
      body: Buffer.from(bodies[form]()),
      etag,
      headers,
    }
    aggregated.set(`${root} ${form}`, document)
    return document
  }

  /** `/openapi/…`. */
  openApi(path: string, { accept, query }: { accept: string; query: URLSearchParams }): DocumentAnswer {
    const { openApi: documents } = this.#now
    const headers = { Vary: 'Accept' }
    if (path === '/openapi/v2') return { type: 'document', code: 200, ...documents.v2(accept), headers }
    if (path === '/openapi/v3') return { type: 'document', code: 200, ...documents.v3Index(), headers }
    const name = path.startsWith('/openapi/v3/') ? path.slice('/openapi/v3/'.length) : ''
    const type = firstAccepted(accept, V3_TYPES)
    if (!type) throw new StatusError('NotAcceptable', `only ${V3_TYPES.join(', ')} are served here`)
    const document = documents.v3(name, type === 'application/json' ? 'json' : 'protobuf')
    if (!document) throw noSuchResource()
    const hash = query.get('hash')
    if (!hash) return { type: 'document', code: 200, ...document, headers }
    const current = document.etag.slice(1, -1)
    if (hash !== current) {
      const Location = `/openapi/v3/${name}?hash=${current}`
      return { type: 'document', code: 301, contentType: 'text/plain', body: '', headers: { ...headers, Location } }
    }
    // Its address names its content, so it may be kept for ever.
    const Expires = new Date(this.#clock.now() + YEAR_MS).toUTCString()
    const lasting = { ...headers, 'Cache-Control': 'public, immutable', Expires }
    return { type: 'document', code: 200, ...document, headers: lasting }
  }
}

function documented(told: AnyKind, verbs: readonly string[]) {
  const { group, version, kind, plural, namespaced, subresources, schema, listKind, selectableFields } = told
  return {
    group,
    version,
    kind,
    plural,
    namespaced,
    verbs,
    listKind,
    ...(schema ? { schema: schema as JsonObject, selectedBy: Object.keys(selectableFields) } : {}),
    subresources: subresources.filter((name) => !SUBRESOURCES_WITHOUT_DOCUMENTS.has(name)),
  }
}
