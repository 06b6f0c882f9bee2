// What can be asked of each kind, as OpenAPI paths. Clients read these to learn which query parameters a server knows
// (`fieldValidation`, `dryRun`) and which kind stands behind a path; `kubectl explain` starts here.
// Upstream: apiserver/pkg/endpoints/installer.go.

import type { JsonObject } from '../../apimachinery/json.ts'
import { type QuerySet, queryPlace } from '../query-texts.ts'
import type { GroupVersionKind } from '../schemas.ts'
import { type Dialect, referenceTo } from './dialect.ts'
import { bodyOfSubresource, customDefinitionName, type ServedKind } from './served-kind.ts'

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'
const PATCH_TYPES = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
]
/** Subresources one only posts to. */
const POSTS = new Set(['binding', 'eviction', 'token'])

interface Option {
  set: QuerySet
  name: string
  type: 'string' | 'boolean' | 'integer'
}

const options = (set: QuerySet, types: Record<string, Option['type']>): Option[] =>
  Object.entries(types).map(([name, type]) => ({ set, name, type }))

const WRITE = options('write', { dryRun: 'string', fieldManager: 'string', fieldValidation: 'string' })
const FORCE = options('write', { force: 'boolean' })
const DELETE = options('delete', {
  dryRun: 'string',
  gracePeriodSeconds: 'integer',
  orphanDependents: 'boolean',
  propagationPolicy: 'string',
})
const SELECT = options('list', {
  continue: 'string',
  fieldSelector: 'string',
  labelSelector: 'string',
  limit: 'integer',
  resourceVersion: 'string',
  resourceVersionMatch: 'string',
  sendInitialEvents: 'boolean',
  timeoutSeconds: 'integer',
})
const LIST = [...SELECT, ...options('list', { allowWatchBookmarks: 'boolean', watch: 'boolean' })]
const LOG = options('log', {
  container: 'string',
  follow: 'boolean',
  insecureSkipTLSVerifyBackend: 'boolean',
  limitBytes: 'integer',
  previous: 'boolean',
  sinceSeconds: 'integer',
  stream: 'string',
  tailLines: 'integer',
  timestamps: 'boolean',
})
const STREAMS = { container: 'string', stderr: 'boolean', stdin: 'boolean', stdout: 'boolean', tty: 'boolean' } as const
const CONNECT = new Map([
  ['exec', options('exec', { command: 'string', ...STREAMS })],
  ['attach', options('attach', STREAMS)],
  ['portforward', options('portforward', { ports: 'integer' })],
  ['proxy', options('proxy', { path: 'string' })],
])
/** Of every answer. */
const PRETTY = options('list', { pretty: 'string' })

export function pathsOf(kinds: readonly ServedKind[], dialect: Dialect): JsonObject {
  const paths: JsonObject = {}
  for (const kind of kinds) for (const [path, item] of pathsOfKind(kind, dialect)) paths[path] = item
  return Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function* pathsOfKind(kind: ServedKind, dialect: Dialect): Generator<[string, JsonObject]> {
  const root = kind.group ? `/apis/${kind.group}/${kind.version}` : `/api/${kind.version}`
  const all = `${root}/${kind.plural}`
  const here = kind.namespaced ? `${root}/namespaces/{namespace}/${kind.plural}` : all
  const own = typeNameOf(kind, dialect)
  const list = kind.schema ? `${own}List` : dialect.schemas.typeOf({ ...kind, kind: `${kind.kind}List` })?.name
  const operation = (spec: Omit<OperationSpec, 'kind' | 'gvk'> & { gvk?: GroupVersionKind }) =>
    operationOf({ kind, gvk: kind, ...spec }, dialect)
  const item = (path: string, operations: Partial<Record<Method, JsonObject | false>>): [string, JsonObject] => [
    path,
    {
      ...Object.fromEntries(Object.entries(operations).filter(([, value]) => value)),
      parameters: pathParameters(path, dialect),
    } as JsonObject,
  ]
  const can = (verb: string) => kind.verbs.includes(verb)

  const listing = can('list') && operation({ verb: 'list', answers: list, options: LIST })
  if (kind.namespaced && listing) yield item(all, { get: listing })
  yield item(here, {
    get: listing,
    post: can('create') && operation({ verb: 'post', answers: own, takes: own, options: WRITE }),
    delete:
      can('deletecollection') &&
      operation({
        verb: 'deletecollection',
        answers: `${META}.Status`,
        takes: `${META}.DeleteOptions`,
        options: [...DELETE, ...SELECT],
      }),
  })
  const objectOperations = (verbs: readonly string[], gvk: GroupVersionKind, type: string | undefined, of = '') => ({
    get: verbs.includes('get') && operation({ verb: 'get', gvk, of, answers: type, options: [] }),
    put: verbs.includes('update') && operation({ verb: 'put', gvk, of, answers: type, takes: type, options: WRITE }),
    patch:
      verbs.includes('patch') &&
      operation({ verb: 'patch', gvk, of, answers: type, takes: `${META}.Patch`, options: [...WRITE, ...FORCE] }),
  })
  yield item(`${here}/{name}`, {
    ...objectOperations(kind.verbs, kind, own),
    delete:
      can('delete') &&
      operation({ verb: 'delete', answers: `${META}.Status`, takes: `${META}.DeleteOptions`, options: DELETE }),
  })
  for (const subresource of kind.subresources) {
    const body = bodyOfSubresource(kind, subresource, dialect.schemas)
    const gvk = body?.gvk ?? kind
    const of = subresource
    const path = `${here}/{name}/${subresource}`
    if (subresource === 'log') yield item(path, { get: operation({ verb: 'get', of, options: LOG }) })
    else if (CONNECT.has(subresource)) {
      const connect = operation({ verb: 'connect', of, options: CONNECT.get(subresource) ?? [] })
      yield item(path, { get: connect, post: connect })
    } else if (POSTS.has(subresource)) {
      const post = operation({ verb: 'post', gvk, of, answers: body?.type, takes: body?.type, options: WRITE })
      yield item(path, { post })
    } else if (subresource === 'finalize') {
      const put = operation({ verb: 'put', of, answers: own, takes: own, options: WRITE })
      yield item(path, { put })
    } else yield item(path, objectOperations(['get', 'update', 'patch'], gvk, body?.type, subresource))
  }
}

function typeNameOf(kind: ServedKind, { schemas }: Dialect): string | undefined {
  return kind.schema ? customDefinitionName(kind) : schemas.typeOf(kind)?.name
}

interface OperationSpec {
  kind: ServedKind
  gvk: GroupVersionKind
  /** As in `x-kubernetes-action`. */
  verb: Method | 'list' | 'deletecollection' | 'connect'
  /** The subresource. */
  of?: string
  /** Definition names; none: plain text. */
  answers?: string | undefined
  takes?: string | undefined
  options: readonly Option[]
}

function operationOf(
  { kind, gvk, verb, of = '', answers, takes, options }: OperationSpec,
  dialect: Dialect,
): JsonObject {
  const isVersion3 = dialect.version === 3
  const answer = answers ? referenceTo(answers, dialect.version) : { type: 'string' }
  const produces = answers ? 'application/json' : 'text/plain'
  // How lists of a custom resource merge, strategic merge patches do not know; kubectl reads here what it may send.
  const patchTypes = kind.schema && of !== 'scale' ? PATCH_TYPES.slice(0, -1) : PATCH_TYPES
  const consumes = verb === 'patch' ? patchTypes : ['application/json']
  const parameters: JsonObject[] = options.map((option) => queryParameter(option, dialect))
  const id = [verb, kind.group, kind.version, kind.namespaced ? 'Namespaced' : '', kind.kind, of]
    .map(capitalized)
    .join('')
  if (takes && !isVersion3) {
    parameters.unshift({
      name: 'body',
      in: 'body',
      required: verb !== 'delete' && verb !== 'deletecollection',
      schema: referenceTo(takes, 2),
    })
  }
  return {
    operationId: id.charAt(0).toLowerCase() + id.slice(1),
    description: `${verb} ${of ? `${of} of ` : ''}${kind.kind}`,
    parameters,
    ...(isVersion3 ? {} : { consumes, produces: [produces] }),
    ...(isVersion3 && takes
      ? {
          requestBody: {
            content: Object.fromEntries(consumes.map((type) => [type, { schema: referenceTo(takes, 3) }])),
          },
        }
      : {}),
    responses: {
      200: {
        description: 'OK',
        ...(isVersion3 ? { content: { [produces]: { schema: answer } } } : { schema: answer }),
      },
      401: { description: 'Unauthorized' },
    },
    'x-kubernetes-action': verb,
    'x-kubernetes-group-version-kind': { group: gvk.group, kind: gvk.kind, version: gvk.version },
  }
}

const pathParameters = (path: string, dialect: Dialect): JsonObject[] => [
  ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    ...parameter(name!, 'path', 'string', dialect.version === 3),
    required: true,
  })),
  ...PRETTY.map((option) => queryParameter(option, dialect)),
]

function queryParameter({ set, name, type }: Option, { version, describe, describesQueries }: Dialect): JsonObject {
  const description = describesQueries ? describe.get(queryPlace(set, name)) : undefined
  return { ...parameter(name, 'query', type, version === 3), ...(description && { description }) }
}

function parameter(name: string, place: 'path' | 'query', type: string, isVersion3: boolean): JsonObject {
  return { name, in: place, ...(isVersion3 ? { schema: { type } } : { type }) }
}

const capitalized = (text: string) =>
  text
    .split(/[^A-Za-z0-9]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
