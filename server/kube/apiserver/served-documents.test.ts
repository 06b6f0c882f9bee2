// Discovery and OpenAPI over HTTPS: what clients keep, and how they ask whether it has changed.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { JsonObject } from '../apimachinery/json.ts'
import { decode } from '../schemas/decode.ts'
import { loadSchemas } from '../schemas/load-schemas.ts'
import { readProtobuf } from '../schemas/protobuf/protobuf.ts'
import { CRONTAB_SCHEMA, crontabs, DEFINITIONS, define, TABS } from './testing/crontab.ts'
import { type RawAnswer, rawRequest } from './testing/raw-request.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'
import { watchLog } from './testing/watch-log.ts'

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
const OLDER = 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList'

interface Found {
  items: { metadata: { name?: string }; versions: { version: string; resources: { resource: string }[] }[] }[]
}

interface Listed {
  resources: { name: string; verbs: string[]; storageVersionHash?: string }[]
}

describe('documents of what is served', () => {
  let test: TestServer
  let ask: (path: string, headers?: Record<string, string>) => Promise<RawAnswer>

  beforeAll(async () => {
    test = await startTestServer({ options: { flags: { 'authorization-mode': 'Node,RBAC' } } })
    const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
    const admin = await test.pki.issue('admin', ['system:masters'])
    ask = (path, headers = {}) => rawRequest({ port, caPem: test.pki.caPem, ...admin, path, headers })
  })
  afterAll(() => test[Symbol.asyncDispose]())

  it.each(['/api', '/apis'])('tells all of %s at once, and then only whether it has changed', async (path) => {
    const first = await ask(path, { accept: `${AGGREGATED},application/json` })
    expect(first.headers).toMatchObject({ 'content-type': AGGREGATED, vary: 'Accept' })
    expect(first.json().kind).toBe('APIGroupDiscoveryList')
    const etag = String(first.headers.etag)
    expect(etag).toMatch(/^"[0-9A-F]{128}"$/)
    const again = await ask(path, { accept: AGGREGATED, 'if-none-match': etag })
    expect([again.code, again.bytes.length]).toEqual([304, 0])
    expect((await ask(path, { accept: AGGREGATED, 'if-none-match': '"OLD"' })).code).toBe(200)
  })

  it('tells it in YAML and in lines too, all under one tag', async () => {
    const plain = await ask('/apis', { accept: AGGREGATED })
    const yaml = await ask('/apis', { accept: AGGREGATED.replace('json', 'yaml') })
    expect(yaml.headers).toMatchObject({ 'content-type': AGGREGATED.replace('json', 'yaml'), etag: plain.headers.etag })
    expect(parse(yaml.bytes.toString())).toEqual(plain.json())
    const lines = await ask('/apis', { accept: AGGREGATED, 'user-agent': 'curl/8' })
    expect(lines.bytes.toString()).toMatch(/^\{\n {2}"kind": "APIGroupDiscoveryList",\n/)
    expect(lines.headers.etag).toBe(plain.headers.etag)
  })

  it('tells it in protobuf, and the same', async () => {
    const plain = await ask('/apis', { accept: AGGREGATED })
    const accept = AGGREGATED.replace('json', 'vnd.kubernetes.protobuf')
    const binary = await ask('/apis', { accept: `${accept},${AGGREGATED}` })
    expect(binary.headers).toMatchObject({ 'content-type': accept, etag: plain.headers.etag })
    const schemas = loadSchemas()
    const kind = { group: 'apidiscovery.k8s.io', version: 'v2', kind: 'APIGroupDiscoveryList' }
    const whole = (told: object) => decode(schemas, kind, told as JsonObject)
    const { object } = readProtobuf(schemas, binary.bytes)
    expect(whole(plain.json()).problems).toEqual([])
    expect(whole(object).object).toEqual(whole(plain.json()).object)
  })

  it.each(['application/json;v=v1', 'application/json;g=meta.k8s.io', 'application/json;sv=v1'])(
    'takes %s for a wish that it cannot fulfil',
    async (accept) => {
      expect((await ask('/apis', { accept })).code).toBe(406)
      expect((await ask('/api/v1/nodes', { accept: `${accept},application/json` })).code).toBe(200)
      expect((await ask('/api/v1/nodes', { accept })).code).toBe(406)
    },
  )

  it('is told by which name to remember a request, and says it again', async () => {
    expect((await ask('/api/v1/nodes', { 'audit-id': 'of-mine' })).headers['audit-id']).toBe('of-mine')
    expect((await ask('/api/v1/nodes')).headers['audit-id']).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('gives those who know only its beta the old form, as a v1.36 does', async () => {
    expect((await ask('/apis', { accept: `${OLDER},application/json` })).json().kind).toBe('APIGroupList')
    expect((await ask('/apis', { accept: OLDER })).code).toBe(406)
  })

  it('has the same in both forms, and the groups in the order of their priority', async () => {
    const found = (await ask('/apis', { accept: AGGREGATED })).json() as unknown as Found
    const groups = found.items.map(({ metadata }) => metadata.name)
    const old = (await ask('/apis')).json() as unknown as { groups: { name: string }[] }
    expect(old.groups.map(({ name }) => name)).toEqual(groups)
    const ranked = groups.filter((name) => ['coordination.k8s.io', 'networking.k8s.io', 'apps'].includes(name ?? ''))
    expect(ranked).toEqual(['apps', 'networking.k8s.io', 'coordination.k8s.io'])
    for (const { metadata, versions } of found.items) {
      for (const { version, resources } of versions) {
        const list = (await ask(`/apis/${metadata.name}/${version}`)).json() as unknown as {
          resources: { name: string }[]
        }
        const plain = list.resources.map(({ name }) => name).filter((name) => !name.includes('/'))
        expect(plain).toEqual(resources.map(({ resource }) => resource))
      }
    }
  })

  it('tells of each resource by a hash in which version it is stored, where that is served', async () => {
    const hashes = async (path: string) => {
      const { resources } = (await ask(path)).json() as unknown as Listed
      return new Map(resources.map(({ name, storageVersionHash }) => [name, storageVersionHash]))
    }
    const core = await hashes('/api/v1')
    // As any cluster has them.
    expect(core.get('pods')).toBe('xPOwRZ+Yhw8=')
    expect(core.get('configmaps')).toBe('qFsyl6wFWjQ=')
    for (const name of ['pods/status', 'bindings', 'componentstatuses']) expect(core.get(name)).toBeUndefined()
    expect((await hashes('/apis/events.k8s.io/v1')).get('events')).toBe(core.get('events'))
    const scalers = await Promise.all(['v1', 'v2'].map((version) => hashes(`/apis/autoscaling/${version}`)))
    expect(scalers[0]).toEqual(scalers[1])

    const schema = { openAPIV3Schema: CRONTAB_SCHEMA }
    const versions = (v2: object) => [
      { name: 'v1', served: true, storage: false, schema },
      { name: 'v2', served: true, storage: true, schema, ...v2 },
    ]
    await define(test.transport, crontabs({}, { versions: versions({}) }))
    const group = '/apis/stable.example.com'
    expect((await hashes(`${group}/v1`)).get('crontabs')).toMatch(/^[\w+/]{11}=$/)
    expect(await hashes(`${group}/v1`)).toEqual(await hashes(`${group}/v2`))
    const { resources } = (await ask(`${group}/v1`)).json() as unknown as Listed
    const verbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch']
    expect(resources[0]?.verbs).toEqual(verbs)
    using log = await watchLog(test.transport, TABS)
    await test.transport.request({
      method: 'PATCH',
      path: `${DEFINITIONS}/crontabs.stable.example.com`,
      contentType: 'application/merge-patch+json',
      body: { spec: { versions: versions({ served: false }) } },
    })
    await log.ended
    expect((await hashes(`${group}/v1`)).get('crontabs')).toBeUndefined()
  })

  it('lists every path at the root', async () => {
    const { paths } = (await ask('/')).json() as { paths?: string[] }
    expect(paths).toEqual(expect.arrayContaining(['/api/v1', '/apis/apps', '/apis/apps/v1', '/openapi/v3', '/readyz']))
  })

  it('says of the server itself since when it runs, in words or as the object that is asked for', async () => {
    const words = await ask('/statusz', { accept: 'application/json, */*' })
    expect([words.code, words.headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8'])
    expect(words.text).toMatch(
      /^\napiserver statusz\nWarning: .*\n\nStarted: \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d UTC \d{4}\nUp: 0 hr \d\d min \d\d sec\n/,
    )
    expect(words.text).toMatch(
      /\nBinary version: 1\.36\.\d+\nEmulation version: 1\.36\nPaths: \/flagz \/healthz \/livez .*\n$/,
    )
    const as = (version: string) => `application/json;g=config.k8s.io;v=${version};as=Statusz`
    const object = await ask('/statusz', { accept: as('v1beta1') })
    expect(object.json()).toMatchObject({
      kind: 'Statusz',
      apiVersion: 'config.k8s.io/v1beta1',
      metadata: { name: 'apiserver' },
      startTime: expect.stringMatching(/Z$/),
      emulationVersion: '1.36',
      paths: expect.arrayContaining(['/healthz', '/version']),
    })
    const old = await ask('/statusz', { accept: as('v1alpha1') })
    expect(old.headers.warning).toContain('This version of the statusz endpoint is deprecated.')
    expect((await ask('/statusz', { accept: 'application/json' })).code).toBe(406)
    expect((await ask('/statusz/more')).code).toBe(404)
  })

  it('says how the server was told to run, in words or as the object that is asked for', async () => {
    const words = await ask('/flagz')
    expect([words.code, words.headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8'])
    expect(words.text).toMatch(/^\napiserver flagz\nWarning: .*\nadvertise-address=<nil>\n/)
    const as = (version: string) => `application/json;g=config.k8s.io;v=${version};as=Flagz`
    expect((await ask('/flagz', { accept: as('v1beta1') })).json()).toEqual({
      kind: 'Flagz',
      apiVersion: 'config.k8s.io/v1beta1',
      metadata: { name: 'apiserver' },
      flags: {
        'advertise-address': '<nil>',
        'authorization-mode': '[Node,RBAC]',
        'max-mutating-requests-inflight': '200',
        'max-requests-inflight': '400',
        'service-account-issuer': '[https://kubernetes.default.svc.cluster.local]',
        'service-cluster-ip-range': '10.96.0.0/12',
        'service-node-port-range': '30000-32767',
      },
    })
    expect((await ask('/flagz', { accept: as('v1alpha1') })).headers.warning).toContain('version of the flagz endpoint')
    expect((await ask('/flagz', { accept: `${as('v9')}, */*` })).text).toBe(words.text)
    for (const accept of ['application/json', 'application/json;g=config.k8s.io;v=v1beta1', 'application/xml']) {
      expect((await ask('/flagz', { accept })).code, accept).toBe(406)
    }
  })

  it('lets a document of OpenAPI v3 be kept for ever under its hash, and leads an old hash to the new one', async () => {
    const index = (await ask('/openapi/v3')).json() as unknown as {
      paths: Record<string, { serverRelativeURL: string }>
    }
    const link = index.paths['apis/apps/v1']?.serverRelativeURL ?? ''
    const document = await ask(link)
    expect(document.headers['cache-control']).toBe('public, immutable')
    expect(Date.parse(String(document.headers.expires))).toBeGreaterThan(Date.now() + 360 * 24 * 3600_000)
    expect(link).toContain(`?hash=${String(document.headers.etag).slice(1, -1)}`)
    const old = await ask('/openapi/v3/apis/apps/v1?hash=OLD')
    expect([old.code, old.headers.location]).toEqual([301, link])
    const plain = await ask('/openapi/v3/apis/apps/v1')
    expect(plain.headers['cache-control']).not.toContain('immutable')
    expect((await ask('/openapi/v3/apis/apps/v1', { 'if-none-match': String(plain.headers.etag) })).code).toBe(304)
    expect((await ask('/openapi/v3/apis/none/v1')).code).toBe(404)
    expect((await ask('/openapi/v3/apis/apps/v1', { accept: 'text/html' })).code).toBe(406)
  })

  it('has OpenAPI v3 in protobuf for those who ask for it first, under the hash of the same document', async () => {
    const path = '/openapi/v3/apis/apps/v1'
    const protobuf = 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf'
    const plain = await ask(path)
    for (const accept of [protobuf, protobuf.replace('.v1.0', '@v1.0'), `application/json;q=0.5,${protobuf}`]) {
      const told = await ask(path, { accept })
      expect(told.headers).toMatchObject({ 'content-type': protobuf, etag: plain.headers.etag, vary: 'Accept' })
      expect(told.bytes.subarray(0, 7).toString()).toBe('\n\u00053.0.0')
    }
    expect((await ask(path, { accept: `${protobuf};q=0.5,application/json` })).json().openapi).toBe('3.0.0')
  })

  it.each(['application/json', 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'])(
    'answers 304 for an OpenAPI v2 that is known, as %s',
    async (accept) => {
      const first = await ask('/openapi/v2', { accept })
      expect(first.code).toBe(200)
      const again = await ask('/openapi/v2', { accept, 'if-none-match': String(first.headers.etag) })
      expect(again.code).toBe(304)
    },
  )
})
