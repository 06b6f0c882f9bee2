import { X509Certificate } from 'node:crypto'
import { text } from 'node:stream/consumers'
import tls from 'node:tls'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { httpsTransport } from '../../client/https-transport.ts'
import { ConfigMap } from '../../kinds/index.ts'
import { crontab, crontabs, define, TABS } from '../testing/crontab.ts'
import { type RawAnswer, type RawRequest, rawRequest } from '../testing/raw-request.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'
import { watchLog } from '../testing/watch-log.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'

describe('HTTPS front', () => {
  let test: TestServer
  let port: number
  let admin: { certPem: string; keyPem: string }

  beforeAll(async () => {
    test = await startTestServer()
    port = (await test.server.listen({ host: '127.0.0.1', port: 0 })).port
    admin = await test.pki.issue('kubernetes-admin', ['system:masters'])
  })
  afterAll(() => test[Symbol.asyncDispose]())

  const ask = (request: Omit<RawRequest, 'port' | 'caPem'>): Promise<RawAnswer> =>
    rawRequest({ port, caPem: test.pki.caPem, ...admin, ...request })
  const post = (body: string | Buffer, headers: Record<string, string> = {}, path = MAPS) =>
    ask({ method: 'POST', path, body, headers: { 'content-type': 'application/json', ...headers } })
  const pod = (spec: string) => `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":${spec}}`

  it('shows a renewed certificate to whoever comes, and lets whoever is connected stay', async () => {
    const connected = await new Promise<tls.TLSSocket>((resolve, reject) => {
      const socket = tls.connect({ port, host: '127.0.0.1', ca: test.pki.caPem }, () => resolve(socket))
      socket.on('error', reject)
    })
    const before = connected.getPeerX509Certificate()?.serialNumber
    const renewed = await test.pki.issue('kube-apiserver')
    test.server.renewCertificates({ serving: renewed, kubeletClient: renewed, frontProxyClient: renewed })
    const late = await new Promise<string | undefined>((resolve, reject) => {
      const socket = tls.connect({ port, host: '127.0.0.1', ca: test.pki.caPem }, () => {
        resolve(socket.getPeerX509Certificate()?.serialNumber)
        socket.destroy()
      })
      socket.on('error', reject)
    })
    expect(late).toBe(new X509Certificate(renewed.certPem).serialNumber)
    expect(late).not.toBe(before)
    connected.end('GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    expect(await text(connected)).toMatch(/^HTTP\/1.1 200 /)
    // As somebody with a certificate of before.
    expect((await ask({ path: '/api/v1/namespaces/default/configmaps' })).code).toBe(200)
  })

  describe('what is wrong is said, and never hangs', () => {
    it.each([
      { upgrade: '', name: 'constructor' },
      { upgrade: 'Connection: Upgrade\r\nUpgrade: websocket\r\n', name: 'constructor' },
      { upgrade: 'Connection: Upgrade\r\nUpgrade: websocket\r\n', name: '__proto__' },
      { upgrade: 'Connection: Upgrade\r\nUpgrade: websocket\r\n', name: 'hasOwnProperty' },
    ])('a header $name with $upgrade', async ({ upgrade, name }) => {
      const socket = tls.connect({ port, host: '127.0.0.1', ca: test.pki.caPem })
      const headers = `Host: a\r\n${upgrade}Impersonate-User: a\r\n${name}: x\r\n`
      socket.end(`GET /api/v1/pods HTTP/1.1\r\n${headers}\r\n`)
      expect(await text(socket)).toMatch(/^HTTP\/1.1 403 /)
      expect((await ask({ path: '/healthz' })).code).toBe(200)
    })

    it('who asks for a connection where there is none is answered as everybody', async () => {
      const headers = { connection: 'Upgrade', upgrade: 'h2c', 'content-type': 'application/json' }
      const made = await ask({ method: 'POST', path: MAPS, body: '{"metadata":{"name":"old"}}', headers })
      expect(made.code).toBe(201)
      expect((await ask({ method: 'DELETE', path: `${MAPS}/old`, headers })).code).toBe(200)
      expect((await ask({ path: `${MAPS}/old` })).code).toBe(404)
    })

    it.each([
      {
        name: 'malformed JSON',
        body: '{"metadata":',
        code: 400,
        message: /unexpected end of JSON input \(\{"metadata":\)$/,
      },
      {
        name: 'another kind',
        body: '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"x"}}',
        code: 400,
        message: /cannot be handled as a ConfigMap/,
      },
      {
        name: 'another version',
        body: '{"kind":"ConfigMap","apiVersion":"v2","metadata":{"name":"x"}}',
        code: 400,
        message: /no kind "ConfigMap" is registered for version "v2" in scheme/,
      },
      {
        name: 'a wrong type',
        body: '{"metadata":{"name":"x"},"data":{"a":1}}',
        code: 400,
        message: /cannot unmarshal number into Go struct field ConfigMap.data of type string/,
      },
      {
        name: 'no name',
        body: '{"metadata":{}}',
        code: 422,
        message: /^ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required$/,
      },
      {
        name: 'a bad label',
        body: '{"metadata":{"name":"x","labels":{"a b":"c"}}}',
        code: 422,
        message: /metadata.labels: Invalid value: "a b": name part must consist of/,
      },
      {
        name: 'a bad key',
        body: '{"metadata":{"name":"x"},"data":{"a b":"c"}}',
        code: 422,
        message: /data\[a b\]: Invalid value: "a b": a valid config key must consist of/,
      },
      {
        name: 'another namespace',
        body: '{"metadata":{"name":"x","namespace":"other"}}',
        code: 400,
        message: /namespace of the provided object does not match/,
      },
      {
        name: 'a resourceVersion',
        body: '{"metadata":{"name":"x","resourceVersion":"5"}}',
        code: 500,
        message: /^resourceVersion should not be set on objects to be created$/,
      },
      {
        name: 'a resourceVersion where something else is wrong',
        body: '{"metadata":{"name":"x","resourceVersion":"5"},"data":{"a b":"c"}}',
        code: 422,
        message: /data\[a b\]/,
      },
    ])('$name', async ({ body, code, message }) => {
      const answer = await post(body)
      expect(answer.json().message).toMatch(message)
      expect(answer.code).toBe(code)
    })

    it.each([
      { name: 'no containers', spec: '{}', message: 'spec.containers: Required value' },
      {
        name: 'a port out of range',
        spec: '{"containers":[{"name":"a","image":"b","ports":[{"containerPort":70000}]}]}',
        message:
          'spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
      },
      { name: 'no image', spec: '{"containers":[{"name":"a"}]}', message: 'spec.containers[0].image: Required value' },
      {
        name: 'a name twice',
        spec: '{"containers":[{"name":"a","image":"b"},{"name":"a","image":"b"}]}',
        message: 'spec.containers[1].name: Duplicate value: "a"',
      },
      {
        name: 'a mount of nothing',
        spec: '{"containers":[{"name":"a","image":"b","volumeMounts":[{"name":"v","mountPath":"/v"}]}]}',
        message: 'spec.containers[0].volumeMounts[0].name: Not found: "v"',
      },
      {
        name: 'more asked than allowed',
        spec: '{"containers":[{"name":"a","image":"b","resources":{"requests":{"cpu":"2"},"limits":{"cpu":"1"}}}]}',
        message:
          'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
      },
      {
        name: 'a policy there is not',
        spec: '{"restartPolicy":"Sometimes","containers":[{"name":"a","image":"b"}]}',
        message: 'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
      },
    ])('a pod with $name', async ({ spec, message }) => {
      await post('{"metadata":{"name":"default"}}', {}, '/api/v1/namespaces/default/serviceaccounts')
      const answer = await post(pod(spec), {}, '/api/v1/namespaces/default/pods')
      expect(answer.json().message).toContain(message)
      expect(answer.code).toBe(422)
    })

    it('a body that is too large', async () => {
      const answer = await post(JSON.stringify({ metadata: { name: 'x' }, data: { a: 'x'.repeat(3 * 1024 * 1024) } }))
      expect(answer.code).toBe(413)
      expect(answer.json()).toMatchObject({
        reason: 'RequestEntityTooLarge',
        message: 'Request entity too large: limit is 3145728',
      })
    })

    it('a resource nobody serves', async () => {
      const unknown = ['/api/v1/namespaces/default/gadgets', '/apis/apps/v9', '/apis/apps/v1/gadgets', '/api/v1//pods']
      for (const path of unknown) {
        const answer = await ask({ path })
        expect(answer.code).toBe(404)
        expect(answer.json().message).toBe('the server could not find the requested resource')
      }
    })

    it('a path of nobody’s, as Go’s server does', async () => {
      for (const path of ['/nowhere', '/apis/nope/v1', '/apis/nope/v1/things', '//api/v1/pods', '/healthz/nope']) {
        const { code, text, headers } = await ask({ path })
        expect([code, text, headers['content-type']]).toEqual([
          404,
          '404 page not found\n',
          'text/plain; charset=utf-8',
        ])
      }
    })

    it('what is no route’s is asked by whatever method', async () => {
      const said = async (path: string, method = 'POST') => {
        const { code, text } = await ask({ method, path })
        return { code, text }
      }
      expect(await said('/nobody')).toEqual({ code: 404, text: '404 page not found\n' })
      expect(await said('/healthz')).toEqual({ code: 200, text: 'ok' })
      for (const path of ['/version', '/api', '/api/v1', '/apis/apps/v1', '/apis/authentication.k8s.io/v1']) {
        expect([path, (await said(path)).code, (await said(path, 'HEAD')).code]).toEqual([path, 405, 405])
      }
      for (const path of ['/apis', '/apis/apps', '/openapi/v2', '/metrics']) {
        expect([path, (await said(path)).code, (await said(path, 'HEAD')).code]).toEqual([path, 200, 200])
      }
    })

    it('a path that cannot be read', async () => {
      expect((await ask({ path: '/api/v1/namespaces/%E0%A4%A/pods' })).code).toBe(400)
      expect((await ask({ path: '/api/v1/namespaces/a%2Fb/pods/x' })).code).toBe(400)
    })

    it('a method that is not for this', async () => {
      expect((await ask({ method: 'POST', path: `${MAPS}/x`, body: '{}' })).code).toBe(405)
      expect((await ask({ method: 'DELETE', path: '/api/v1/namespaces' })).code).toBe(405)
      expect((await ask({ method: 'DELETE', path: '/api/v1/configmaps' })).code).toBe(405)
      for (const [method, subresource] of [
        ['POST', 'log'],
        ['PUT', 'exec'],
        ['DELETE', 'portforward'],
      ] as const) {
        const path = `/api/v1/namespaces/default/pods/web/${subresource}`
        expect((await ask({ method, path })).code).toBe(405)
      }
      expect((await ask({ method: 'HEAD', path: MAPS })).code).toBe(405)
      expect((await ask({ method: 'HEAD', path: '/healthz' })).code).toBe(200)
    })

    it('a body or a patch of an unknown type', async () => {
      expect((await post('a=b', { 'content-type': 'text/csv' })).code).toBe(415)
      const patch = await ask({
        method: 'PATCH',
        path: `${MAPS}/x`,
        body: '{}',
        headers: { 'content-type': 'application/json' },
      })
      expect(patch.code).toBe(415)
      expect(patch.json().message).toContain('application/strategic-merge-patch+json')
    })

    it('an Accept that nothing fits', async () => {
      expect((await ask({ path: MAPS, headers: { accept: 'image/png' } })).code).toBe(406)
    })
  })

  it('reads YAML and answers in YAML when asked', async () => {
    const made = await post('metadata:\n  name: from-yaml\ndata:\n  a: b\n', { 'content-type': 'application/yaml' })
    expect(made.code).toBe(201)
    const shown = await ask({ path: `${MAPS}/from-yaml`, headers: { accept: 'application/yaml' } })
    expect(shown.text).toContain('data:\n  a: b\n')
    expect((await post('a: b: c', { 'content-type': 'application/yaml' })).json().message).toMatch(
      /^the object provided is unrecognized \(must be of type ConfigMap\): yaml: /,
    )
  })

  it.each([
    { mode: '', code: 201, warning: '299 - "unknown field \\"daat\\""' },
    { mode: 'Warn', code: 201, warning: '299 - "unknown field \\"daat\\""' },
    { mode: 'Ignore', code: 201, warning: undefined },
    { mode: 'Strict', code: 400, warning: undefined },
  ])('treats unknown fields as fieldValidation=$mode says', async ({ mode, code, warning }) => {
    const body = `{"metadata":{"name":"field-${mode.toLowerCase()}x"},"daat":{"a":"b"}}`
    const answer = await post(body, {}, `${MAPS}?fieldValidation=${mode}`)
    expect(answer.code).toBe(code)
    expect(answer.headers.warning).toBe(warning)
    if (mode === 'Strict') expect(answer.json().message).toContain('strict decoding error: unknown field "daat"')
  })

  it('sends what is stored, with its revision, and says the same in lists', async () => {
    await post('{"metadata":{"name":"bytes"},"data":{"a":"ü€"}}')
    const one = (await ask({ path: `${MAPS}/bytes` })).json()
    expect(one).toMatchObject({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { name: 'bytes' },
      data: { a: 'ü€' },
    })
  })

  it('prints tables, with the objects as far as asked', async () => {
    await post('{"metadata":{"name":"row"},"data":{"a":"b"}}')
    const table = (await ask({ path: `${MAPS}/row`, headers: { accept: TABLE } })).json() as unknown as {
      columnDefinitions: { name: string }[]
      rows: { cells: unknown[]; object?: { kind: string } }[]
    }
    expect(table.columnDefinitions.map(({ name }) => name)).toEqual(['Name', 'Data', 'Age'])
    expect(table.rows[0]?.cells.slice(0, 2)).toEqual(['row', 1])
    expect(table.rows[0]?.object?.kind).toBe('PartialObjectMetadata')
    const whole = (await ask({ path: `${MAPS}/row?includeObject=Object`, headers: { accept: TABLE } })).text
    expect(whole).toContain('"data":{"a":"b"}')
    const bare = (await ask({ path: `${MAPS}?includeObject=None`, headers: { accept: TABLE } })).text
    expect(bare).toContain('"object":null')
    const partial = { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' }
    const list = (await ask({ path: MAPS, headers: partial })).json()
    expect(list.kind).toBe('PartialObjectMetadataList')
    expect(JSON.stringify(list)).not.toContain('"data"')
  })

  it('prints a Scale as a table of its own', async () => {
    const path = '/apis/apps/v1/namespaces/default/deployments'
    const template = '{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"web","image":"nginx"}]}}'
    const spec = `{"replicas":3,"selector":{"matchLabels":{"app":"web"}},"template":${template}}`
    await post(`{"metadata":{"name":"scaled"},"spec":${spec}}`, {}, path)
    const table = (await ask({ path: `${path}/scaled/scale`, headers: { accept: TABLE } })).json() as unknown as {
      columnDefinitions: { name: string; description: string }[]
      rows: { cells: unknown[] }[]
    }
    expect(table.columnDefinitions.map(({ name }) => name)).toEqual(['Name', 'Desired', 'Available', 'Age'])
    expect(table.columnDefinitions[0]?.description).toContain('Name must be unique within a namespace.')
    expect(table.columnDefinitions[1]?.description).toContain('desired number of instances')
    expect(table.rows[0]?.cells.slice(0, 3)).toEqual(['scaled', 3, 0])
  })

  it('speaks protobuf to those who name it first', async () => {
    await post('{"metadata":{"name":"binary"},"data":{"a":"b"}}')
    const accept = 'application/vnd.kubernetes.protobuf'
    const answer = await ask({ path: `${MAPS}/binary`, headers: { accept } })
    expect(answer.headers['content-type']).toBe(accept)
    expect(answer.bytes.subarray(0, 4).toString('latin1')).toBe('k8s\0')
    const sent = await post(Buffer.concat([answer.bytes]), { 'content-type': accept })
    expect(sent.json().message, 'it reads what it writes').toBe(
      'resourceVersion should not be set on objects to be created',
    )
    expect((await post('{"metadata":{"name":"x","resourceVersion":"5"}}', {}, `${MAPS}?dryRun=All`)).code).toBe(201)
    expect((await post('junk', { 'content-type': accept })).code).toBe(400)
    const typed = async (told: string) => (await ask({ path: MAPS, headers: { accept: told } })).headers['content-type']
    expect(await typed(`${accept},application/json`)).toBe(accept)
    expect(await typed(`${accept};q=0.5,application/json`)).toBe('application/json')
    expect(await typed(`*/*,application/yaml`)).toBe('application/yaml')
  })

  const PARTIAL = 'as=PartialObjectMetadata;g=meta.k8s.io;v=v1'
  it.each([
    {
      accept: 'application/yaml',
      path: '?watch=1',
      code: 406,
      said: /only the following media types are accepted:\s+application\/json;stream=watch/,
    },
    {
      accept: `application/vnd.kubernetes.protobuf;as=Table;g=meta.k8s.io;v=v1`,
      path: '',
      code: 406,
      said: /accepted: application\/json, application\/yaml, application\/vnd.kubernetes.protobuf/,
    },
    { accept: `application/json;${PARTIAL}`, path: '', code: 406, said: /the requested object is a list/ },
    {
      accept: `application/yaml;${PARTIAL}`,
      path: '/formed',
      code: 200,
      said: /^apiVersion: meta.k8s.io\/v1\nkind: PartialObjectMetadata\n/,
    },
    {
      accept: `application/yaml;as=Table;g=meta.k8s.io;v=v1`,
      path: '/formed',
      code: 200,
      said: /^apiVersion: meta.k8s.io\/v1\n.*^kind: Table\n/ms,
    },
    {
      accept: `application/vnd.kubernetes.protobuf;${PARTIAL}`,
      path: '/formed',
      code: 200,
      said: /^k8s\0.*PartialObjectMetadata/s,
    },
    {
      accept: 'application/json',
      path: '/formed?pretty=true',
      code: 200,
      said: /^{\n {2}"kind": "ConfigMap",\n {2}"apiVersion": "v1",\n {2}"metadata": {\n {4}"name": "formed",\n {4}"namespace": "default",\n {4}"uid": "[^"]+",\n {4}"resourceVersion": "\d+",\n {4}"creationTimestamp": /,
    },
    { accept: 'application/yaml', path: '/not-there', code: 404, said: /^apiVersion: v1\ncode: 404\n/ },
  ])('answers $path as $accept', async ({ accept, path, code, said }) => {
    await post('{"metadata":{"name":"formed"}}')
    const answer = await ask({ path: `${MAPS}${path}`, headers: { accept } })
    expect(answer.text).toMatch(said)
    expect(answer.code).toBe(code)
  })

  it('writes for people in lines, refusals too, unless they want none', async () => {
    await post('{"metadata":{"name":"formed"}}')
    const as = (agent: string, path: string, who = {}) => ask({ path, headers: { 'user-agent': agent }, ...who })
    expect((await as('curl/8.0', `${MAPS}/formed`)).text).toMatch(/^{\n {2}"/)
    const nobody = { certPem: undefined, keyPem: undefined } as unknown as { certPem: string; keyPem: string }
    expect((await as('curl/8.0', MAPS, nobody)).text).toMatch(/^{\n {2}"kind": "Status",/)
    expect((await as('kubectl/v1.36.0', `${MAPS}/formed`)).text).toMatch(/^{"/)
    expect((await as('curl/8.0', `${MAPS}/formed?pretty=false`)).text).toMatch(/^{"/)
  })

  it('says of which kind items are in no form, where the list says it', async () => {
    await post('{"metadata":{"name":"of-list"}}')
    const path = `${MAPS}?fieldSelector=metadata.name=of-list`
    for (const asked of [{ path }, { path: `${path}&pretty=1` }, { path, headers: { accept: 'application/yaml' } }]) {
      const { text } = await ask(asked)
      expect(text).toMatch(/kind"?: ?"?ConfigMapList/)
      expect(text).toContain('of-list')
      expect(text).not.toMatch(/"?kind"?: ?"?ConfigMap"?$|"kind":"ConfigMap"/m)
    }
  })

  it('says of which kind items are in every form where they are custom resources', async () => {
    await define(test.transport, crontabs())
    await test.transport.request({ method: 'POST', path: TABS, body: crontab('of-list') })
    for (const query of ['', '?pretty=1']) {
      const { items } = (await ask({ path: TABS + query })).json() as unknown as { items: unknown[] }
      expect(items).toMatchObject([{ apiVersion: 'stable.example.com/v1', kind: 'CronTab' }])
    }
  })

  it('says of custom resources what is not for them in their own words', async () => {
    const names = { plural: 'sites', singular: 'site', kind: 'Site', listKind: 'SiteList' }
    const metadata = { name: 'sites.stable.example.com' }
    await define(test.transport, { ...crontabs({}, { scope: 'Cluster', names }), metadata })
    const group = '/apis/stable.example.com/v1'
    const said = async (method: string, path: string, body?: string) => {
      const { code, text } = await ask({
        method,
        path: group + path,
        ...(body ? { body } : {}),
        headers: { 'content-type': 'application/json' },
      })
      return `${code} ${text.startsWith('{') ? (JSON.parse(text) as { message: string }).message : text.trim()}`
    }
    expect(await said('DELETE', '/crontabs')).toBe('404 404 page not found')
    expect(await said('POST', '/crontabs', '{}')).toBe('404 404 page not found')
    expect(await said('GET', '/crontabs/one')).toBe('404 404 page not found')
    expect(await said('GET', '/namespaces/default/sites')).toBe('404 404 page not found')
    const here = '/namespaces/default/crontabs'
    expect(await said('GET', `${here}/one/log`)).toBe('404 crontabs.stable.example.com "one" not found')
    const none = 'is not supported on resources of kind "crontabs.stable.example.com"'
    expect(await said('OPTIONS', here)).toBe(`405 options ${none}`)
    expect(await said('PUT', here, '{}')).toBe('400 name must be provided')
    expect((await ask({ path: group, method: 'HEAD' })).code).toBe(200)
    // What the path names is nobody's but admission's.
    const made = await ask({
      method: 'POST',
      path: `${group}${here}/other`,
      body: JSON.stringify(crontab('posted')),
      headers: { 'content-type': 'application/json' },
    })
    expect([made.code, (made.json() as unknown as KubeObject).metadata?.name]).toEqual([201, 'posted'])
  })

  it('knows what of an object a row may bring, and asks that of tables alone', async () => {
    const path = `${MAPS}?includeObject=All`
    expect((await ask({ path })).code).toBe(200)
    const refused = await ask({ path, headers: { accept: TABLE, 'user-agent': 'curl/8.0' } })
    expect(refused.code).toBe(400)
    expect(refused.headers['cache-control']).toBe('no-cache, private')
    expect(refused.text).toContain(
      `Unable to convert to Table as requested: includeObject: Invalid value: \\"All\\": must be 'Metadata', 'Object', 'None', or empty`,
    )
    expect((await ask({ path: `${path}&watch=1&timeoutSeconds=1`, headers: { accept: TABLE } })).code).toBe(400)
  })

  it('watches metadata in the version that is asked for', async () => {
    await post('{"metadata":{"name":"old-form"}}')
    const path = `${MAPS}?watch=1&timeoutSeconds=1&fieldSelector=metadata.name=old-form`
    const accept = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v='
    const [beta, stable] = await Promise.all([
      ask({ path, headers: { accept: `${accept}v1beta1` } }),
      ask({ path, headers: { accept: `${accept}v1` } }),
    ])
    expect(beta.text).toContain('"apiVersion":"meta.k8s.io/v1beta1"')
    expect(stable.text).toContain('"apiVersion":"meta.k8s.io/v1"')
  })

  it('has fields in the order in which Go writes them, and a new line at the end', async () => {
    await post('{"data":{"b":"2","a":"1"},"metadata":{"labels":{"z":"1","y":"2"},"name":"in-order"}}')
    const first =
      /^\{"kind":"ConfigMap","apiVersion":"v1","metadata":\{"name":"in-order","namespace":"default","uid":"[^"]+","resourceVersion":"\d+","creationTimestamp":"[^"]+","labels":\{"y":"2","z":"1"\},"managedFields":.*\},"data":\{"a":"1","b":"2"\}\}\n$/
    expect((await ask({ path: `${MAPS}/in-order` })).text).toMatch(first)
    const list = await ask({ path: `${MAPS}?fieldSelector=metadata.name=in-order` })
    expect(list.text).toMatch(
      /"items":\[\{"metadata":\{"name":"in-order","namespace":"default","uid":"[^"]+","resourceVersion":"\d+",.*\]\}\n$/,
    )
    expect((await ask({ path: `${MAPS}/not-there` })).text).toMatch(/,"code":404\}\n$/)
  })

  it('cuts a protobuf watch into frames', async () => {
    const { resourceVersion = '' } = (await test.client.of(ConfigMap).list()).metadata
    await post('{"metadata":{"name":"proto-watched"}}')
    const accept = `application/vnd.kubernetes.protobuf;${PARTIAL}`
    const path = `${MAPS}?watch=1&timeoutSeconds=1&resourceVersion=`
    const seen = await ask({ path: `${path}${resourceVersion}`, headers: { accept } })
    expect(seen.headers['content-type']).toBe('application/vnd.kubernetes.protobuf;stream=watch')
    expect(seen.bytes.readUInt32BE(0)).toBe(seen.bytes.length - 4)
    expect(seen.text).toMatch(/ADDED.*k8s\0.*PartialObjectMetadata.*proto-watched/s)
  })

  it('packs large lists when the client takes gzip', async () => {
    const data = { filler: 'abc '.repeat(50_000) }
    await post(JSON.stringify({ metadata: { name: 'large' }, data }))
    const packed = await ask({ path: `${MAPS}/large`, headers: { 'accept-encoding': 'gzip' } })
    expect(packed.headers['content-encoding']).toBe('gzip')
    expect(JSON.parse(gunzipSync(packed.bytes).toString()).data).toEqual(data)
    expect((await ask({ path: `${MAPS}/large` })).headers['content-encoding']).toBeUndefined()
  })

  it('carries watches, and 410 inside and outside of them', async () => {
    const transport = httpsTransport({
      server: `https://127.0.0.1:${port}`,
      caPem: test.pki.caPem,
      ...admin,
      userAgent: 'test',
    })
    try {
      const { resourceVersion = '' } = (await test.client.of(ConfigMap).list()).metadata
      using log = await watchLog(transport, MAPS, { resourceVersion, fieldSelector: 'metadata.name=seen' })
      await post('{"metadata":{"name":"unseen"}}')
      await post('{"metadata":{"name":"seen"}}')
      await ask({ method: 'DELETE', path: `${MAPS}/seen` })
      await log.length(2)
      expect(log.words).toEqual(['ADDED seen', 'DELETED seen'])
      expect(log.events[0]?.object).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1' })
      const ended = await watchLog(transport, MAPS, { timeoutSeconds: '1' })
      expect(await ended.ended).toBeUndefined()
    } finally {
      transport[Symbol.dispose]()
    }
  })

  describe('who is asking', () => {
    const nobody = { certPem: undefined, keyPem: undefined } as unknown as { certPem: string; keyPem: string }

    it('lets everybody ask for health and version, and nothing else', async () => {
      for (const path of ['/healthz', '/livez', '/readyz', '/version'])
        expect((await ask({ path, ...nobody })).code).toBe(200)
      const refused = await ask({ path: MAPS, ...nobody })
      expect(refused.code).toBe(403)
      expect(refused.json().message).toBe(
        'configmaps is forbidden: User "system:anonymous" cannot list resource "configmaps" in API group "" in the namespace "default"',
      )
      expect((await ask({ path: '/metrics', ...nobody })).json().message).toBe(
        'forbidden: User "system:anonymous" cannot get path "/metrics"',
      )
    })

    it('refuses a certificate that somebody else has signed', async () => {
      const { testPki } = await import('../testing/test-pki.ts')
      const stranger = await (await testPki()).issue('kubernetes-admin', ['system:masters'])
      expect((await ask({ path: MAPS, ...stranger })).code).toBe(401)
    })

    it.each(['x', 'a.b.c', ''])('refuses the token %j', async (token) => {
      const answer = await ask({ path: '/version', ...nobody, headers: { authorization: `Bearer ${token}` } })
      expect(answer.code).toBe(401)
      expect(answer.json()).toMatchObject({ message: 'Unauthorized', reason: 'Unauthorized' })
    })

    it('knows a user by certificate, who may look around but not in', async () => {
      const learner = await test.pki.issue('learner', ['class-a'])
      expect((await ask({ path: '/apis', ...learner })).code).toBe(200)
      expect((await ask({ path: MAPS, ...learner })).code).toBe(403)
      const review = await ask({
        method: 'POST',
        path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
        body: '{}',
        headers: { 'content-type': 'application/json' },
        ...learner,
      })
      expect(review.json().status).toMatchObject({
        userInfo: { username: 'learner', groups: ['class-a', 'system:authenticated'] },
      })
    })

    it('takes a service account token as long as its pod lives', async () => {
      await post('{"metadata":{"name":"robot"}}', {}, '/api/v1/namespaces/default/serviceaccounts')
      const spec = '{"serviceAccountName":"robot","containers":[{"name":"a","image":"b"}]}'
      const made = await post(pod(spec).replace('"x"', '"bound"'), {}, '/api/v1/namespaces/default/pods')
      expect(made.code).toBe(201)
      const request = {
        spec: { expirationSeconds: 600, boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'bound' } },
      }
      const answer = await post(JSON.stringify(request), {}, '/api/v1/namespaces/default/serviceaccounts/robot/token')
      const { token } = answer.json().status as { token: string }
      const headers = { authorization: `Bearer ${token}` }
      const seen = await ask({ path: '/apis', headers, ...nobody })
      expect(seen.code).toBe(200)
      const refused = await ask({ path: MAPS, headers, ...nobody })
      expect(refused.json().message).toContain('User "system:serviceaccount:default:robot" cannot list')
      await ask({ method: 'DELETE', path: '/api/v1/namespaces/default/pods/bound' })
      expect((await ask({ path: '/apis', headers, ...nobody })).code).toBe(401)
    })
  })
})
