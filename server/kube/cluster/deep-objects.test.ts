// Ten thousand levels, by every way that an object goes, through an API server on the stack that control planes have.

import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { onDeepStack } from '../../../bin/deep-stack.mjs'
import { until } from '../../../e2e/support/until.ts'
import { systemClock } from '../../base/clock.ts'
import { crontabs, define } from '../apiserver/testing/crontab.ts'
import { type RawAnswer, type RawRequest, rawRequest } from '../apiserver/testing/raw-request.ts'
import { httpsTransport } from '../client/https-transport.ts'
import { openPki } from './pki.ts'

const CLI = join(import.meta.dirname, '..', '..', 'cli.ts')
const FREE = '/apis/free.example.com/v1/namespaces/default/tabs'

let directory: string
let child: ChildProcess
let ask: (told: Partial<RawRequest> & { path: string }) => Promise<RawAnswer>
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-deep-'))
  const pki = await openPki({ directory, clock: systemClock })
  await pki.keep('apiserver', { commonName: 'kube-apiserver', usages: ['server'], ipAddresses: ['127.0.0.1'] })
  const admin = await pki.issue({ commonName: 'admin', organizations: ['system:masters'], usages: ['client'] })
  const port = await freePort()
  const file = (name: string) => join(directory, name)
  const words = [
    ...['kube-apiserver', '--data-dir', file('store'), '--secure-port', String(port)],
    ...['--client-ca-file', file('ca.crt'), '--tls-cert-file', file('apiserver.crt')],
    ...['--tls-private-key-file', file('apiserver.key'), '--service-account-signing-key-file', file('sa.key')],
    ...['--service-account-key-file', file('sa.pub')],
  ]
  child = spawn(...onDeepStack(process.execPath, [CLI, ...words]), { stdio: ['ignore', 'ignore', 'inherit'] })
  const { caPem } = pki
  ask = (told) => rawRequest({ port, caPem, ...admin, ...told })
  await until(
    'the API server answers',
    async () => (await ask({ path: '/readyz' }).catch(() => undefined))?.code === 200,
  )
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
  const names = { plural: 'tabs', singular: 'tab', kind: 'Tab' }
  const definition = { ...crontabs({ schema }, { group: 'free.example.com', names }) }
  const server = `https://127.0.0.1:${port}`
  await define(httpsTransport({ server, caPem, ...admin, userAgent: 'test' }), {
    ...definition,
    metadata: { name: 'tabs.free.example.com' },
  })
}, 60_000)
afterAll(async () => {
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill()
  await gone
  await rm(directory, { recursive: true, force: true })
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as { port: number }
  await new Promise((closed) => server.close(closed))
  return port
}

const maps = (levels: number, leaf = '1') => `${'{"a":'.repeat(levels)}${leaf}${'}'.repeat(levels)}`
const lists = (levels: number, leaf = '1') => `${'['.repeat(levels)}${leaf}${']'.repeat(levels)}`
const tab = (name: string, spec: string) =>
  `{"apiVersion":"free.example.com/v1","kind":"Tab","metadata":{"name":"${name}"},"spec":${spec}}`

const send = (method: string, path: string, body: string, type = 'application/json') =>
  ask({ method, path, body, headers: { 'content-type': type } })
const patch = (path: string, type: string, body: string) => send('PATCH', path, body, `application/${type}`)

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null

/** How many levels, not by calls. */
function levelsOf(value: unknown): number {
  let levels = 0
  for (let at = [value].filter(isContainer); at.length > 0; levels++) {
    at = at.flatMap((one) => Object.values(one).filter(isContainer))
  }
  return levels
}
const specOf = (answer: RawAnswer) => levelsOf(answer.json().spec)
/** Seconds that the server has worked. */
const worked = () => {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

describe('an object of ten thousand levels', () => {
  it('is kept, lists as maps; of more, nothing is', async () => {
    const made = await send('POST', FREE, tab('lists', lists(9_999)))
    expect([made.code, specOf(made), specOf(await ask({ path: `${FREE}/lists` }))]).toEqual([201, 9_999, 9_999])
    expect((await send('POST', FREE, tab('maps', maps(9_999)))).code).toBe(201)
    for (const spec of [lists(10_000), maps(10_000)]) {
      const { code, message } = (await send('POST', FREE, tab('more', spec))).json()
      expect([code, message]).toEqual([400, expect.stringContaining('exceeded max depth')])
    }
    const [body, type] = [`{"spec":{"more":${maps(9_999)}}}`, 'merge-patch+json']
    expect((await patch(`${FREE}/maps`, type, body)).json().message).toContain('exceeded max depth')
    const move = `[{"op":"copy","from":"/spec","path":"/spec/b"}]`
    expect((await patch(`${FREE}/maps`, 'json-patch+json', move)).json().message).toContain('exceeded max depth')
    for (const name of ['lists', 'maps'])
      expect((await ask({ method: 'DELETE', path: `${FREE}/${name}` })).code).toBe(200)
  })

  it('goes every way, with owners of all its fields, in a moment', async () => {
    const [levels, path] = [9_994, `${FREE}/deep`]
    const before = worked()
    const made = await send('POST', `${FREE}?fieldManager=a`, tab('deep', maps(levels)))
    expect([made.code, levelsOf(made.json())]).toEqual([201, 10_000])
    expect(specOf(await send('PUT', path, made.text.replace('"a":1', '"a":2')))).toBe(levels)
    expect(specOf(await patch(path, 'merge-patch+json', `{"spec":${maps(levels, '3')}}`))).toBe(levels)
    const leaf = `[{"op":"replace","path":"/spec${'/a'.repeat(levels)}","value":4}]`
    expect(specOf(await patch(path, 'json-patch+json', leaf))).toBe(levels)
    const applied = tab('deep', maps(levels, '5'))
    const conflict = await patch(`${path}?fieldManager=b`, 'apply-patch+yaml', applied)
    expect(conflict.json()).toMatchObject({ code: 409, message: expect.stringContaining('failed with 1 conflict') })
    const forced = await patch(`${path}?fieldManager=b&force=true&dryRun=All`, 'apply-patch+yaml', applied)
    expect([forced.code, specOf(forced)]).toEqual([200, levels])
    expect((await patch(`${path}?fieldManager=b&force=true`, 'apply-patch+yaml', applied)).code).toBe(200)
    const less = await patch(`${path}?fieldManager=b&force=true`, 'apply-patch+yaml', tab('deep', maps(levels - 1)))
    expect([less.code, specOf(less)]).toEqual([200, levels - 1])
    expect((await ask({ path: FREE })).json().items).toHaveLength(1)
    for (const as of ['application/yaml', 'application/json;as=Table;v=v1;g=meta.k8s.io']) {
      expect((await ask({ path, headers: { accept: as } })).code).toBe(200)
    }
    const watched = await ask({ path: `${FREE}?watch=true&timeoutSeconds=1` })
    expect(JSON.parse(watched.text.split('\n')[0]!).type).toBe('ADDED')
    expect((await ask({ method: 'DELETE', path })).code).toBe(200)
    expect(worked() - before).toBeLessThan(10)
  }, 60_000)
})

describe('a kind that the control plane alone reads whole', () => {
  const REVISIONS = '/apis/apps/v1/namespaces/default/controllerrevisions'
  const revision = (name: string, data: string) =>
    `{"apiVersion":"apps/v1","kind":"ControllerRevision","metadata":{"name":"${name}"},"revision":1,"data":${data}}`
  const dataOf = (answer: RawAnswer) => levelsOf(answer.json().data)

  it('keeps in its free JSON what a custom resource keeps', async () => {
    const before = worked()
    const path = `${REVISIONS}/maps`
    const made = await send('POST', REVISIONS, revision('maps', maps(9_999)))
    expect([made.code, dataOf(made), dataOf(await ask({ path }))]).toEqual([201, 9_999, 9_999])
    expect((await send('POST', REVISIONS, revision('more', maps(10_000)))).code).toBe(400)
    expect(dataOf(await patch(path, 'merge-patch+json', `{"revision":2}`))).toBe(9_999)
    expect(dataOf(await patch(path, 'strategic-merge-patch+json', `{"revision":3}`))).toBe(9_999)
    expect(dataOf(await patch(path, 'json-patch+json', `[{"op":"replace","path":"/revision","value":4}]`))).toBe(9_999)
    const applied = await patch(`${path}?fieldManager=b&force=true`, 'apply-patch+yaml', revision('maps', maps(9_999)))
    expect([applied.code, dataOf(applied)]).toEqual([200, 9_999])
    expect((await ask({ path: REVISIONS })).json().items).toHaveLength(1)
    for (const accept of ['application/yaml', 'application/json;as=Table;v=v1;g=meta.k8s.io']) {
      expect((await ask({ path, headers: { accept } })).code).toBe(200)
    }
    const watched = await ask({ path: `${REVISIONS}?watch=true&timeoutSeconds=1` })
    expect(JSON.parse(watched.text.split('\n')[0]!).type).toBe('ADDED')
    expect((await ask({ method: 'DELETE', path })).code).toBe(200)
    expect(worked() - before).toBeLessThan(10)
  }, 60_000)

  it('has schemas of as many', async () => {
    const before = worked()
    const properties = `${'{"type":"object","properties":{"a":'.repeat(4_000)}{"type":"string"}${'}}'.repeat(4_000)}`
    const names = { plural: 'deeps', singular: 'deep', kind: 'Deep', listKind: 'DeepList' }
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'deeps.free.example.com' },
      spec: {
        group: 'free.example.com',
        scope: 'Namespaced',
        names,
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: 'HERE' } }],
      },
    }
    const body = JSON.stringify(definition).replace('"HERE"', properties)
    const defined = await send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', body)
    expect([defined.code, levelsOf(defined.json())]).toEqual([201, 8_006])
    const deeps = '/apis/free.example.com/v1/namespaces/default/deeps'
    await until('the kind is served', async () => (await ask({ path: deeps })).code === 200)
    const deep = `{"apiVersion":"free.example.com/v1","kind":"Deep","metadata":{"name":"one"},${maps(4_000, '"text"').slice(1)}`
    expect((await send('POST', deeps, deep)).code).toBe(201)
    expect((await send('POST', deeps, deep.replace('"text"', '1'))).code).toBe(422)
    for (const path of ['/openapi/v2', '/openapi/v3/apis/free.example.com/v1']) {
      await until(`${path} has it`, async () => (await ask({ path })).text.includes('com.example.free.v1.Deep'))
    }
    expect(worked() - before).toBeLessThan(10)
  }, 60_000)
})

describe('a kind that anybody reads', () => {
  const fieldsV1 = (levels: number) => maps(levels, '{}').replaceAll('a', 'f:a')
  const owned = (levels: number) =>
    `{"name":"owned","managedFields":[{"manager":"a","operation":"Update","apiVersion":"v1","time":"2026-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":${fieldsV1(levels)}}]}`

  it('keeps the levels of a usual stack: no owners of more, nor in templates, nor parameters', async () => {
    const pod = '{"containers":[{"name":"a","image":"a"}]}'
    const template = (levels: number) => `{"metadata":${owned(levels)},"spec":${pod}}`
    const parameters = (levels: number) =>
      `{"metadata":{"name":"a"},"spec":{"devices":{"config":[{"opaque":{"driver":"a.b","parameters":${maps(levels)}}}]}}}`
    const bodies = [
      ['/api/v1/namespaces/default/configmaps', (levels: number) => `{"metadata":${owned(levels)}}`],
      [
        '/api/v1/namespaces/default/podtemplates',
        (levels) => `{"metadata":{"name":"a"},"template":${template(levels)}}`,
      ],
      ['/apis/resource.k8s.io/v1/namespaces/default/resourceclaims', parameters],
    ] as const satisfies [string, (levels: number) => string][]
    for (const [path, body] of bodies) {
      expect((await send('POST', path, body(990))).code).toBe(201)
      const { code, message } = (await send('POST', `${path}`, body(5_000))).json()
      expect([code, message]).toEqual([400, expect.stringContaining('exceeded max depth')])
    }
    const [path, deep] = ['/api/v1/namespaces/default/configmaps/owned', `{"metadata":${owned(5_000)}}`]
    for (const type of ['merge-patch+json', 'strategic-merge-patch+json']) {
      const { code, message } = (await patch(path, type, deep)).json()
      expect([code, message]).toEqual([400, expect.stringContaining('exceeded max depth')])
    }
    expect(levelsOf((await ask({ path })).json())).toBeLessThan(1_000)
  })
})

describe('YAML of ten thousand levels', () => {
  const yaml = (spec: string) =>
    send(
      'POST',
      FREE,
      `apiVersion: free.example.com/v1\nkind: Tab\nmetadata: {name: yaml}\nspec: ${spec}`,
      'application/yaml',
    )

  it('is read as JSON is', async () => {
    const before = worked()
    const flow = (levels: number) => `${'{a: '.repeat(levels)}1${'}'.repeat(levels)}`
    for (const [spec, levels] of [
      [flow(9_999), 9_999],
      [lists(9_999), 9_999],
      [`\n${'- '.repeat(9_999)}1`, 9_999],
    ] as const) {
      const made = await yaml(spec)
      expect([made.code, specOf(made)]).toEqual([201, levels])
      expect((await ask({ method: 'DELETE', path: `${FREE}/yaml` })).code).toBe(200)
    }
    for (const spec of [flow(10_001), lists(10_001), `\n${'- '.repeat(10_001)}1`]) {
      const { code, message } = (await yaml(spec)).json()
      expect([code, message]).toEqual([400, expect.stringContaining('exceeded max depth')])
    }
    expect(worked() - before).toBeLessThan(10)
  }, 60_000)
})
