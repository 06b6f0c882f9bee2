import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../apimachinery/json.ts'
import { loadSchemas } from '../load-schemas.ts'
import type { OpenApiDocument } from '../recent-documents.ts'
import { openApi } from './openapi.ts'
import type { ServedKind } from './served-kind.ts'

const schemas = loadSchemas()
const verbs = ['get', 'list', 'create', 'update', 'patch', 'delete', 'deletecollection', 'watch']
const deployment: ServedKind = {
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
  verbs,
  subresources: ['status', 'scale'],
}
const namespace: ServedKind = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
  verbs,
  subresources: ['status', 'finalize'],
}
const cronTab: ServedKind = {
  group: 'stable.example.com',
  version: 'v1',
  kind: 'CronTab',
  plural: 'crontabs',
  namespaced: true,
  verbs,
  subresources: [],
  schema: {
    type: 'object',
    properties: {
      spec: { type: 'object', oneOf: [{}], nullable: false },
      status: {
        type: 'object',
        required: ['of', 'by'],
        properties: { of: {}, by: { type: 'string', nullable: true } },
      },
      template: { type: 'object', 'x-kubernetes-embedded-resource': true, properties: { spec: { type: 'object' } } },
      any: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, 'x-kubernetes-embedded-resource': true },
    },
  },
}
const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
const openTab: ServedKind = { ...cronTab, kind: 'OpenTab', plural: 'opentabs', schema: open }
const documents = openApi({ schemas, kinds: [deployment, namespace, cronTab, openTab], version: 'v1.36.0' })
const parsed = (document: OpenApiDocument | undefined) => JSON.parse(document!.body.toString()) as JsonObject

type Tree = { [key: string]: Tree }
const tree = (document: OpenApiDocument | undefined) => parsed(document) as unknown as Tree

/** Every `$ref` anywhere in a document. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' && typeof inner === 'string' ? [inner] : references(inner),
  )
}

describe('openApi', () => {
  it('lists each group version with a link that changes when the document does', () => {
    const links = (kinds: ServedKind[]) => {
      const { paths } = tree(openApi({ schemas, kinds, version: 'v1.36.0' }).v3Index())
      return Object.fromEntries(
        Object.entries(paths!).map(([path, { serverRelativeURL }]) => [path, `${serverRelativeURL}`]),
      )
    }
    const before = links([deployment, namespace])
    const after = links([{ ...deployment, subresources: [] }, namespace])
    expect(Object.keys(before)).toEqual(['api/v1', 'apis/apps/v1'])
    expect(before['apis/apps/v1']).toMatch(/^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{64}$/)
    expect(after['apis/apps/v1']).not.toBe(before['apis/apps/v1'])
    expect(after['api/v1']).toBe(before['api/v1'])
  })

  it('gives a document the hash that the index promised', () => {
    const link = String(tree(documents.v3Index()).paths!['apis/apps/v1']!.serverRelativeURL)
    expect(documents.v3('apis/apps/v1')?.etag).toBe(`"${link.split('hash=')[1]}"`)
  })

  it.each(['api/v1', 'apis/apps/v1', 'apis/stable.example.com/v1'])(
    'defines all that the version 3 document of %s refers to',
    (path) => {
      const document = parsed(documents.v3(path))
      const { schemas: defined } = document.components as { schemas: JsonObject }
      for (const reference of references(document)) {
        expect(defined).toHaveProperty([reference.replace('#/components/schemas/', '')])
      }
    },
  )

  it('defines all that the version 2 document refers to', () => {
    const document = parsed(documents.v2('application/json'))
    const found = references(document)
    expect(found.length).toBeGreaterThan(100)
    for (const reference of found)
      expect(document.definitions).toHaveProperty([reference.replace('#/definitions/', '')])
  })

  it('tells clients which queries a patch takes, and of which kind it is', () => {
    const { paths } = tree(documents.v3('apis/apps/v1'))
    const { patch } = paths!['/apis/apps/v1/namespaces/{namespace}/deployments/{name}']!
    expect(patch).toMatchObject({
      'x-kubernetes-action': 'patch',
      'x-kubernetes-group-version-kind': { group: 'apps', version: 'v1', kind: 'Deployment' },
      parameters: expect.arrayContaining([expect.objectContaining({ name: 'fieldValidation', in: 'query' })]),
    })
    const { get } = paths!['/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale']!
    expect(get).toMatchObject({
      'x-kubernetes-group-version-kind': { group: 'autoscaling', version: 'v1', kind: 'Scale' },
    })
  })

  it('says what may be asked of each path, in words in the JSON of version 2', () => {
    const pod = { ...deployment, group: '', kind: 'Pod', plural: 'pods', subresources: ['exec', 'log'] }
    const ofPods = openApi({ schemas, kinds: [pod], version: 'v1.36.0' })
    const { paths } = tree(ofPods.v2('application/json')) as unknown as {
      paths: Record<string, Record<string, { parameters: { name: string; description?: string }[] }>>
    }
    const asked = (path: string, method: string) =>
      Object.fromEntries(paths[path]![method]!.parameters.map(({ name, description }) => [name, description]))
    const all = '/api/v1/namespaces/{namespace}/pods'
    expect(asked(all, 'get')).toMatchObject({
      watch: expect.stringMatching(/^Watch for changes to the described resources/),
      limit: expect.stringContaining('the server will set the `continue` field'),
      continue: expect.stringContaining('"next key"'),
    })
    expect(asked(all, 'delete')).toMatchObject({
      labelSelector: expect.stringContaining('list of returned objects'),
      gracePeriodSeconds: expect.stringContaining('The value zero indicates delete immediately'),
    })
    expect(Object.keys(asked(all, 'delete'))).not.toContain('watch')
    const exec = asked(`${all}/{name}/exec`, 'get')
    expect(exec).toHaveProperty('command', expect.stringContaining('executed within a shell'))
    const undescribed = Object.values(paths).flatMap((item) =>
      Object.values(item).flatMap(({ parameters = [] }) =>
        parameters.filter((one) => 'in' in one && one.in === 'query' && !one.description),
      ),
    )
    expect(undescribed).toEqual([])
  })

  it('describes lists and patches as clients merge them', () => {
    const { components } = tree(documents.v3('apis/apps/v1'))
    expect(components!.schemas!['io.k8s.api.core.v1.PodSpec']!.properties!.containers).toMatchObject({
      type: 'array',
      items: { $ref: '#/components/schemas/io.k8s.api.core.v1.Container' },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-patch-merge-key': 'name',
    })
    expect(components!.schemas!['io.k8s.api.apps.v1.Deployment']).toMatchObject({
      'x-kubernetes-group-version-kind': [{ group: 'apps', kind: 'Deployment', version: 'v1' }],
    })
  })

  it('wraps a reference in version 3 when something is said of the field itself: beside a reference nothing counts', () => {
    const strategy = (of: Tree | undefined) => of!['io.k8s.api.apps.v1.DeploymentSpec']!.properties!.strategy
    const type = 'io.k8s.api.apps.v1.DeploymentStrategy'
    const retained = { 'x-kubernetes-patch-strategy': 'retainKeys' }
    expect(strategy(tree(documents.v3('apis/apps/v1')).components!.schemas)).toMatchObject({
      ...retained,
      allOf: [{ $ref: `#/components/schemas/${type}` }],
    })
    expect(strategy(tree(documents.v2(undefined)).definitions)).toMatchObject({
      ...retained,
      $ref: `#/definitions/${type}`,
    })
  })

  it('puts no namespace in the paths of kinds without', () => {
    expect(Object.keys(tree(documents.v3('api/v1')).paths!)).toEqual([
      '/api/v1/namespaces',
      '/api/v1/namespaces/{name}',
      '/api/v1/namespaces/{name}/finalize',
      '/api/v1/namespaces/{name}/status',
    ])
  })

  it('leaves out of version 2 what its clients would stumble on', () => {
    const { definitions } = tree(documents.v2(undefined))
    const { spec, status, any } = definitions!['com.example.stable.v1.CronTab']!.properties!
    expect([spec, status]).toEqual([
      { type: 'object' },
      { type: 'object', required: ['of'], properties: { of: {}, by: {} } },
    ])
    expect(any).toEqual({ 'x-kubernetes-preserve-unknown-fields': true, 'x-kubernetes-embedded-resource': true })
  })

  it('tells of no field of an object of open form in version 2, or kubectl up to 1.24 would refuse the others', () => {
    const { definitions } = tree(documents.v2(undefined))
    expect(Object.keys(definitions!['com.example.stable.v1.OpenTab']!)).toEqual([
      'type',
      'x-kubernetes-group-version-kind',
    ])
    const { schemas: ofVersion3 } = tree(documents.v3('apis/stable.example.com/v1')).components!
    expect(Object.keys(ofVersion3!['com.example.stable.v1.OpenTab']!.properties!)).toEqual([
      'apiVersion',
      'kind',
      'metadata',
    ])
  })

  it('gives an object within another what every object has', () => {
    for (const version of [
      tree(documents.v2(undefined)).definitions,
      tree(documents.v3('apis/stable.example.com/v1')).components!.schemas,
    ]) {
      const { template } = version!['com.example.stable.v1.CronTab']!.properties!
      expect(Object.keys(template!.properties!)).toEqual(['spec', 'apiVersion', 'kind', 'metadata'])
      expect(template!.required).toEqual(['kind', 'apiVersion'])
    }
  })

  it('knows no document of a group version that is not served', () => {
    expect(documents.v3('apis/batch/v1')).toBeUndefined()
  })

  it('makes a document once for all clusters of a process', () => {
    const source = { schemas, kinds: [deployment], version: 'v1.36.0' }
    expect(openApi(source).v3('apis/apps/v1')).toBe(openApi(source).v3('apis/apps/v1'))
  })
})

it('reads a schema once for all the hashes it is in, also when another has changed', () => {
  let reads = 0
  const watched = {
    type: 'object',
    get description() {
      reads++
      return 'read'
    },
  }
  const schemaHashes = new WeakMap<JsonObject, string>()
  const told = (schema: JsonObject) =>
    openApi({
      schemas,
      kinds: [
        { ...cronTab, schema: watched },
        { ...openTab, schema },
      ],
      version: 'v1.36.0',
      schemaHashes,
    })
  const first = told(open)
  for (let count = 0; count < 3; count++) first.v3Index()
  const second = told({ type: 'object' })
  const [before, after] = [first, second].map((documents) =>
    String(tree(documents.v3Index()).paths!['apis/stable.example.com/v1']!.serverRelativeURL),
  )
  expect(reads).toBe(1)
  expect(after).not.toBe(before)
})
