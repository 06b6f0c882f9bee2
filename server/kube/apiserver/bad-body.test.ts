// Bodies that no reader should choke on, answered in the words of Go's readers and quickly.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { crontabs, define, TABS } from './testing/crontab.ts'
import { type RawAnswer, type RawRequest, rawRequest } from './testing/raw-request.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const FREE = '/apis/free.example.com/v1/namespaces/default/tabs'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'

let test: TestServer
let ask: (told: Partial<RawRequest> & { path: string }) => Promise<RawAnswer>
let post: (path: string, body: string | Buffer, contentType?: string) => Promise<RawAnswer>
beforeAll(async () => {
  test = await startTestServer()
  const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
  const admin = await test.pki.issue('admin', ['system:masters'])
  ask = (told) => rawRequest({ port, caPem: test.pki.caPem, ...admin, ...told })
  post = (path, body, contentType = 'application/json') =>
    ask({ method: 'POST', path, headers: { 'content-type': contentType }, body })
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
  const names = { plural: 'tabs', singular: 'tab', kind: 'Tab' }
  const definition = crontabs({ schema }, { group: 'free.example.com', names })
  await define(test.transport, { ...definition, metadata: { name: 'tabs.free.example.com' } })
})
afterAll(() => test[Symbol.asyncDispose]())

const map = (rest: string) => `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},${rest}}`
const UNRECOGNIZED =
  "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: "
const BEGINNING = ' ({"apiVersion":"v1","kind":"Con ...)'
const HANDLED = 'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal '

describe('a body', () => {
  it.each<[string, string, string]>([
    [
      'nested ever deeper',
      map(`"data":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`),
      `${UNRECOGNIZED}invalid character '{' exceeded max depth${BEGINNING}`,
    ],
    [
      'of lists in lists, never closed',
      '['.repeat(100_000),
      `${UNRECOGNIZED}invalid character '[' exceeded max depth (${'5b'.repeat(30)} ...)`,
    ],
    ['that is no JSON', 'hello', `${UNRECOGNIZED}invalid character 'h' looking for beginning of value (68656c6c6f)`],
    ['that is not there', '', `${UNRECOGNIZED}unexpected end of JSON input (<empty>)`],
    ['that goes on', '{} {}', `${UNRECOGNIZED}invalid character '{' after top-level value ({} {})`],
    [
      'that is a list',
      '[]',
      `${UNRECOGNIZED}json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (5b5d)`,
    ],
    [
      'that says nothing',
      'null',
      'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
    ],
  ])('%s is refused', async (_, body, message) => {
    expect((await post(MAPS, body)).json().message).toBe(message)
  })

  const SCHEME = 'in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"'
  it.each<[string, string, string]>([
    [
      'of another kind',
      '{"kind":"Secret","apiVersion":"v1","data":{"a":1}}',
      'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion',
    ],
    [
      'of another group',
      '{"kind":"Deployment","apiVersion":"apps/v1"}',
      'Deployment in version "v1" cannot be handled as a ConfigMap: converting (v1.Deployment) to (core.ConfigMap): unknown conversion',
    ],
    [
      'of a kind that is none',
      '{"kind":"Foo","apiVersion":"v1"}',
      `Foo in version "v1" cannot be handled as a ConfigMap: no kind "Foo" is registered for version "v1" ${SCHEME}`,
    ],
    [
      'of a version that is none',
      '{"kind":"ConfigMap","apiVersion":"v2"}',
      `ConfigMap in version "v2" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v2" ${SCHEME}`,
    ],
  ])('%s is refused', async (_, body, message) => {
    expect((await post(MAPS, body)).json().message).toBe(message)
  })

  it.each<[string, string, string]>([
    ['merge', '[]', 'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}'],
    ['merge', 'null', 'Invalid JSON Patch'],
    ['merge', '{', 'error decoding patch: unexpected end of JSON input'],
    ['merge', '', 'error decoding patch: unexpected end of JSON input'],
    ['strategic-merge', '', 'unexpected end of JSON input'],
    ['strategic-merge', '5', 'json: cannot unmarshal number into Go value of type map[string]interface {}'],
    ['strategic-merge', '{', 'unexpected end of JSON input'],
    ['json', '{}', 'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp'],
    ['json', '[1]', 'error decoding patch: json: cannot unmarshal number into Go value of type handlers.jsonPatchOp'],
    [
      'json',
      '[{"op":1}]',
      'error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string',
    ],
  ])('of a %s patch that is none, %s, is refused', async (type, body, message) => {
    await post(MAPS, '{"metadata":{"name":"patched"}}')
    const headers = { 'content-type': `application/${type}-patch+json` }
    const told = await ask({ method: 'PATCH', path: `${MAPS}/patched`, headers, body })
    expect([told.code, told.json().message]).toEqual([400, message])
  })

  it.each<[string, number]>([
    ['application/json;', 201],
    ['application/json; charset="utf-8"', 201],
    ['application/json;q', 415],
    ['text/yaml', 415],
  ])('called %s is answered with %i', async (type, code) => {
    const headers = { 'content-type': type }
    const body = '{"metadata":{"generateName":"called-"}}'
    expect((await ask({ method: 'POST', path: MAPS, headers, body })).code).toBe(code)
  })

  it('of a custom resource of another kind is not valid, of another version not meant', async () => {
    const told = await post(FREE, '{"apiVersion":"free.example.com/v1","kind":"Foo","metadata":{"name":"a"}}')
    const message = 'Tab.free.example.com "a" is invalid: kind: Invalid value: "Foo": must be Tab'
    expect([told.code, told.json().message]).toEqual([422, message])
    expect((await post(FREE, '{"apiVersion":"free.example.com/v2","kind":"Tab"}')).json().message).toBe(
      'the API version in the data (free.example.com/v2) does not match the expected API version (free.example.com/v1)',
    )
    expect((await ask({ path: `${FREE}?fieldSelector=spec.a%3D1` })).json().message).toBe(
      'field label not supported: spec.a',
    )
  })

  it.each([
    [
      '',
      '{"apiVersion":"free.example.com/v1","metadata":{"name":"a"}}',
      `the object provided is unrecognized (must be of type Tab): Object 'Kind' is missing in '{"apiVersion":"free.example.com/v1","metadata":{"name":"a"}}' ({"apiVersion":"free.example.co ...)`,
    ],
    [
      '?fieldValidation=Ignore',
      '{"metadata":{"name":"a"}}',
      `Tab in version "v1" cannot be handled as a Tab: Object 'Kind' is missing in '{"metadata":{"name":"a"}}'`,
    ],
    [
      '',
      '{"kind":"Tab","metadata":{"name":"a"}}',
      'the API version in the data () does not match the expected API version (free.example.com/v1)',
    ],
  ])('of a custom resource that does not say what it is, is refused (%s)', async (query, body, message) => {
    const told = await post(`${FREE}${query}`, body)
    expect([told.code, told.json().message]).toEqual([400, message])
  })

  it('of a JSON patch with more than operations have is warned of', async () => {
    await post(MAPS, '{"metadata":{"name":"patched"}}')
    const headers = { 'content-type': 'application/json-patch+json' }
    const body = '[{"op":"add","path":"/data","value":{},"why":1}]'
    const told = await ask({ method: 'PATCH', path: `${MAPS}/patched`, headers, body })
    expect([told.code, told.headers.warning]).toEqual([200, '299 - "json patch unknown field \\"[0].why\\""'])
  })

  it('of a strategic merge patch may call its object what it likes', async () => {
    await post(MAPS, '{"metadata":{"name":"called"}}')
    const body = '{"kind":"Foo","apiVersion":"apps/v1","data":{"a":"1"}}'
    const patch = (type: string) => {
      const headers = { 'content-type': `application/${type}-patch+json` }
      return ask({ method: 'PATCH', path: `${MAPS}/called`, headers, body })
    }
    expect((await patch('strategic-merge')).json()).toMatchObject({ kind: 'ConfigMap', data: { a: '1' } })
    expect((await patch('merge')).code).toBe(422)
  })

  it.each([
    ['PUT', 'json', '{"data":{"a":"1"}}'],
    ['PATCH', 'merge-patch+json', '{"metadata":{"name":null}}'],
    ['PATCH', 'json-patch+json', '[{"op":"replace","path":"","value":{}}]'],
  ])('of a %s (%s) that leaves no name is refused', async (method, type, body) => {
    await post(MAPS, '{"metadata":{"name":"named"},"data":{"a":"0"}}')
    const told = await ask({ method, path: `${MAPS}/named`, headers: { 'content-type': `application/${type}` }, body })
    const message = 'the name of the object (named based on URL) was undeterminable: name must be provided'
    expect([told.code, told.json().message]).toEqual([400, message])
    expect((await ask({ path: `${MAPS}/named` })).json().data).toEqual({ a: '0' })
  })

  it('of ten thousand levels is read; what is unknown of it is not kept, whatever it is', async () => {
    const deep = `${'{"a":'.repeat(9_999)}1${'}'.repeat(9_999)}`
    const told = await post(`${MAPS}?dryRun=All`, map(`"deep":${deep}`))
    expect([told.code, told.headers.warning]).toEqual([201, '299 - "unknown field \\"deep\\""'])
    await define(test.transport, crontabs())
    const tab = (name: string, deep: string) =>
      `{"apiVersion":"stable.example.com/v1","kind":"CronTab","metadata":{"name":"${name}"},"spec":{"cronSpec":"* * * * *","deep":${deep}}}`
    expect((await post(TABS, tab('a', deep.slice(5, -1)))).code).toBe(201)
  })

  it.each([
    ['maps', (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`],
    ['lists', (levels: number) => `${'['.repeat(levels)}1${']'.repeat(levels)}`],
  ])(
    'of an object that would be kept with more than a thousand levels of %s is refused, by patches too',
    async (name, nested) => {
      const send = (method: string, path: string, body: string, contentType: string) =>
        ask({ method, path, body, headers: { 'content-type': contentType } })
      const tab = (deep: string) =>
        `{"apiVersion":"free.example.com/v1","kind":"Tab","metadata":{"name":"${name}"},"spec":${deep}}`
      const refused = [400, 'Tab in version "v1" cannot be handled as a Tab: exceeded max depth']
      const answer = async (...told: Parameters<typeof send>) => {
        const { code, message } = { ...(await send(...told)).json() } as { code?: number; message?: string }
        return [code, message]
      }
      expect(await answer('POST', FREE, tab(nested(1_000)), 'application/json')).toEqual(refused)
      expect(await answer('POST', FREE, tab(nested(900)), 'application/json')).toEqual([undefined, undefined])
      const below = `[{"op":"copy","from":"/spec","path":"/more"},{"op":"add","path":"/spec","value":{}},{"op":"move","from":"/more","path":"/spec${'/a'.repeat(1)}"}]`
      expect(await answer('PATCH', `${FREE}/${name}`, below, 'application/json-patch+json')).toEqual([
        undefined,
        undefined,
      ])
      const twice = `[{"op":"add","path":"/more","value":${nested(990)}},{"op":"add","path":"/deeper","value":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{}}}}}}}}}}},{"op":"move","from":"/more","path":"/deeper${'/a'.repeat(9)}/more"}]`
      expect(await answer('PATCH', `${FREE}/${name}`, twice, 'application/json-patch+json')).toEqual(refused)
      expect(
        await answer('PATCH', `${FREE}/${name}`, `{"more":${nested(1_001)}}`, 'application/merge-patch+json'),
      ).toEqual([400, 'error decoding patch: exceeded max depth'])
      const got = await ask({ path: `${FREE}/${name}`, headers: { accept: 'application/yaml' } })
      expect([got.code, got.text.length < 40_000]).toEqual([200, true])
    },
  )

  it.each([
    ['a billion laughs', `a: &a [x,x,x,x,x,x,x,x,x]\n${laughs()}`, 'yaml: document contains excessive aliasing'],
    ['deep YAML', `${'{a: '.repeat(500_000)}1`, 'yaml: exceeded max depth of 10000'],
    ['deep lists of YAML', `${'- '.repeat(500_000)}1`, 'yaml: exceeded max depth of 10000'],
    ['YAML that goes deeper line by line', stairs(), 'yaml: exceeded max depth of 10000'],
  ])('of %s is refused before it is unfolded', async (_, body, words) => {
    const { code, message } = { ...(await post(MAPS, body, 'application/yaml')).json() } as Record<string, unknown>
    expect(code).toBe(400)
    expect(message).toContain(`the object provided is unrecognized (must be of type ConfigMap): ${words}`)
  })

  it.each([
    ['9223372036854775808', 'number 9223372036854775808 into'],
    ['2147483648', 'number 2147483648 into'],
    ['1.0', 'number 1.0 into'],
    ['1e400', 'number 1e400 into'],
    ['"3"', 'string into'],
  ])('with %s where a small whole number belongs is refused', async (number, words) => {
    const { message } = (await post(DEPLOYMENTS, `{"metadata":{"name":"a"},"spec":{"replicas":${number}}}`)).json()
    expect(message).toBe(`${HANDLED}${words} Go struct field DeploymentSpec.spec.replicas of type int32`)
  })

  it('of YAML means what Go’s reader takes it for', async () => {
    const spec =
      '{replicas: 010, selector: {matchLabels: {app: "y"}}, template: {metadata: {labels: {app: "y"}}, spec: {containers: [{name: a, image: b}]}}}'
    const made = await post(`${DEPLOYMENTS}?dryRun=All`, `metadata: {name: "y"}\nspec: ${spec}`, 'application/yaml')
    expect(made.json()).toMatchObject({ spec: { replicas: 8 } })
    expect((await post(MAPS, 'metadata: {name: a}\ndata: {on: yes}', 'application/yaml')).json().message).toBe(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal bool into Go struct field ConfigMap.data of type string',
    )
  })

  it('with a key twice counts the last, and is warned of', async () => {
    const told = await post(MAPS, '{"metadata":{"name":"twice"},"data":{"a":"1","a":"2"}}')
    expect([told.code, told.headers.warning]).toEqual([201, '299 - "duplicate field \\"data.a\\""'])
    expect(told.json().data).toEqual({ a: '2' })
  })

  it('with characters of all kinds keeps them; what is none becomes the sign for that', async () => {
    const odd = Buffer.concat([Buffer.from('{"metadata":{"name":"odd"},"data":{"bytes":"'), Buffer.from([0xff])])
    const told = await post(
      MAPS,
      Buffer.concat([odd, Buffer.from('","half":"\\ud83d","whole":"\\ud83d\\ude00é\\u0000"}}')]),
    )
    expect(told.json().data).toEqual({ bytes: '\ufffd', half: '\ufffd', whole: '😀é\0' })
  })

  it('with long unknown keys gets warnings that fit into headers', async () => {
    const keys = Array.from({ length: 30 }, (_, at) => `"${String.fromCharCode(97 + at).repeat(2000)}${at}":1`)
    const told = await post(MAPS, `{"metadata":{"name":"long"},${keys.join(',')}}`)
    expect(told.code).toBe(201)
    expect(String(told.headers.warning).length).toBeLessThan(8_000)
  })
})

/** On each line a hundred levels more, and a comment that ends none of them. */
const stairs = () =>
  Array.from({ length: 11 }, (_, at) => `${' '.repeat(200 * at)}${'- '.repeat(100)}a:\n# no end\n`).join('')

/** Nine of the one before, seven times. */
function laughs(): string {
  return Array.from(
    'bcdefgh',
    (name, at) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[at]}`).join(',')}]`,
  ).join('\n')
}
