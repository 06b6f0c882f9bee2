// Whole numbers of 64 bits are kept whole, whatever way an object goes. Answers are compared as text: a test that reads
// them as JSON would round what it is about.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { parseJson } from '../apimachinery/json.ts'
import { loadSchemas } from '../schemas/load-schemas.ts'
import { PROTOBUF_CONTENT_TYPE, readProtobuf } from '../schemas/protobuf/protobuf.ts'
import { crontabs, define, TABS } from './testing/crontab.ts'
import { type RawAnswer, rawRequest } from './testing/raw-request.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'
import { watchLog } from './testing/watch-log.ts'

const MOST = '9223372036854775807'
const LEAST = '-9223372036854775808'
/** The first one that no double holds. */
const ODD = '9007199254740993'

const whole = { type: 'integer', format: 'int64' }
const ports = {
  type: 'array',
  items: { type: 'object', required: ['port'], properties: { port: whole, text: { type: 'string' } } },
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['port'],
}
const set = { type: 'array', items: whole, 'x-kubernetes-list-type': 'set' }
const ruled = {
  ...whole,
  'x-kubernetes-validations': [
    { rule: `self != ${ODD}`, message: 'not this one' },
    { rule: 'self >= oldSelf', message: 'must not fall' },
  ],
}
const OPEN_API = `{"type":"object","properties":{"spec":{"type":"object","x-kubernetes-preserve-unknown-fields":true,"properties":{
  "bounded":{"type":"integer","minimum":9007199254740993,"maximum":1000000000000000000,"multipleOf":5},
  "one":{"type":"integer","enum":[1,${ODD}]},
  "small":{"type":"integer","format":"int32"},
  "ratio":{"type":"number","x-kubernetes-validations":[{"rule":"self / 2.0 > 1.0"}]},
  "preset":{"type":"integer","default":${MOST}},
  "n":${JSON.stringify(whole)},"ports":${JSON.stringify(ports)},"set":${JSON.stringify(set)},"ruled":${JSON.stringify(ruled)}
}}}}`

let test: TestServer
let send: (method: string, path: string, body?: string, type?: string) => Promise<RawAnswer>

beforeAll(async () => {
  test = await startTestServer()
  const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
  const admin = await test.pki.issue('admin', ['system:masters'])
  send = (method, path, body, type = 'application/json') =>
    rawRequest({
      port,
      caPem: test.pki.caPem,
      ...admin,
      method,
      path,
      headers: { 'content-type': type, 'content-length': String(Buffer.byteLength(body ?? '')) },
      ...(body === undefined ? {} : { body }),
    })
  const version = { schema: {}, selectableFields: [{ jsonPath: '.spec.n' }], subresources: { status: {} } }
  const columns = ['integer', 'number', 'string'].map((type) => ({ name: type, type, jsonPath: '.spec.n' }))
  const text = JSON.stringify(crontabs({ ...version, additionalPrinterColumns: columns }))
  const definition = text.replace('"schema":{}', `"schema":{"openAPIV3Schema":${OPEN_API}}`)
  await define(test.transport, parseJson(definition) as object)
})
afterAll(() => test[Symbol.asyncDispose]())

const tab = (name: string, spec: string) =>
  `{"apiVersion":"stable.example.com/v1","kind":"CronTab","metadata":{"name":"${name}"},"spec":${spec}}`
const make = async (name: string, spec: string) => (await send('POST', TABS, tab(name, spec))).text
const patch = (name: string, body: string, kind: string) =>
  send('PATCH', `${TABS}/${name}`, body, `application/${kind}`)
const apply = (name: string, spec: string, manager = 'a') =>
  send('PATCH', `${TABS}/${name}?fieldManager=${manager}`, tab(name, spec), 'application/apply-patch+yaml')
const TYPE = 'apiVersion: stable.example.com/v1\nkind: CronTab\n'
/** What stands in its spec, as written. */
const specOf = (text: string) => /"spec":(\{.*?\})[,}]/.exec(text)?.[1]

it.each([
  [MOST, MOST],
  [LEAST, LEAST],
  [ODD, ODD],
  ['9007199254740991', '9007199254740991'],
  // Go takes these for doubles, and writes them as such.
  ['9223372036854775808', '9223372036854776000'],
  ['18446744073709551615', '18446744073709552000'],
  ['1e3', '1000'],
  ['1.0', '1'],
  ['1e21', '1e+21'],
  ['-0', '0'],
])('%s in a body of JSON is %s', async (sent, kept) => {
  expect(specOf(await make(`json${sent.replace(/\W/g, 'x')}`, `{"any":${sent},"preset":1}`))).toBe(
    `{"any":${kept},"preset":1}`,
  )
})

it('1e400 is no number', async () => {
  const { code, text } = await send('POST', TABS, tab('huge', '{"any":1e400}'))
  expect(code).toBe(400)
  expect(text).toContain('json: cannot unmarshal number 1e400 into Go value of type float64')
})

it.each([
  [MOST, MOST],
  ['0x7fffffffffffffff', MOST],
  ['+9_007_199_254_740_993', ODD],
  ['0400000000000000001', ODD],
  ['1e18', '1000000000000000000'],
  ['18446744073709551615', '18446744073709552000'],
  ['1e400', '"1e400"'],
])('%s in a body of YAML is %s', async (sent, kept) => {
  const name = `yaml${sent.replace(/\W|_/g, 'x')}`
  const body = `${TYPE}metadata: {name: ${name}}\nspec: {any: ${sent}, preset: 1}`
  expect(specOf((await send('POST', TABS, body, 'application/yaml')).text)).toBe(`{"any":${kept},"preset":1}`)
})

it('infinity, which YAML has, is refused: JSON has none', async () => {
  const { code, text } = await send(
    'POST',
    TABS,
    `${TYPE}metadata: {name: inf}\nspec: {any: -.inf}`,
    'application/yaml',
  )
  expect([code, text]).toEqual([400, expect.stringContaining('json: unsupported value: -Inf')])
})

it('is kept by patches of all kinds, and told apart by the test of one', async () => {
  await make('patched', `{"any":${ODD},"list":[${MOST}],"preset":1}`)
  const merged = await patch('patched', `{"spec":{"more":${LEAST}}}`, 'merge-patch+json')
  expect(specOf(merged.text)).toBe(`{"any":${ODD},"list":[${MOST}],"preset":1,"more":${LEAST}}`)
  const operations = (tested: string) =>
    `[{"op":"test","path":"/spec/any","value":${tested}},{"op":"copy","from":"/spec/list","path":"/spec/copied"},{"op":"remove","path":"/spec/more"}]`
  expect((await patch('patched', operations('9007199254740992'), 'json-patch+json')).code).toBe(422)
  const changed = await patch('patched', operations(ODD), 'json-patch+json')
  expect(specOf(changed.text)).toBe(`{"any":${ODD},"list":[${MOST}],"preset":1,"copied":[${MOST}]}`)
})

it('is no change when it is sent again, and one when it differs by one', async () => {
  const made = await make('same', `{"n":${MOST},"preset":1}`)
  const put = await send('PUT', `${TABS}/same`, made)
  const applied = await apply('same', `{"n":${MOST}}`)
  const again = await apply('same', `{"n":${MOST}}`)
  expect(put.text).toBe(made)
  expect(again.text).toBe(applied.text)
  const next = await patch('same', `{"spec":{"n":9223372036854775806}}`, 'merge-patch+json')
  expect(next.text).toContain('"generation":2')
})

it('has owners: by themselves in a set, as a key in a list, and conflicts are of values', async () => {
  await apply('owned', `{"n":${MOST},"set":[${ODD}],"ports":[{"port":${MOST},"text":"a"}]}`)
  const other = await apply('owned', `{"set":[9007199254740992],"ports":[{"port":9223372036854775806}]}`, 'b')
  expect(other.text).toContain(`"set":[${ODD},9007199254740992]`)
  expect(other.text).toContain(`"ports":[{"port":${MOST},"text":"a"},{"port":9223372036854775806}]`)
  expect(other.text).toContain(`"v:${ODD}":{}`)
  expect(other.text).toContain(`"k:{\\"port\\":${MOST}}":{`)
  expect((await apply('owned', `{"n":${MOST}}`, 'b')).code).toBe(200)
  const key = await apply('owned', `{"ports":[{"port":${MOST},"text":"b"}]}`, 'b')
  expect(key.json().message).toContain(`.spec.ports[port=${MOST}].text`)
  const conflict = await apply('owned', `{"n":9223372036854775806}`, 'b')
  expect([conflict.code, conflict.json().message]).toEqual([409, expect.stringContaining('.spec.n')])
})

it.each([
  [
    '{"bounded":9007199254740990}',
    'spec.bounded: Invalid value: 9007199254740990: spec.bounded in body should be greater than or equal to 9007199254740992',
  ],
  [
    '{"bounded":1000000000000000005}',
    'spec.bounded: Invalid value: 1000000000000000005: spec.bounded in body should be less than or equal to 1000000000000000000',
  ],
  [
    '{"bounded":9007199254740996}',
    'spec.bounded: Invalid value: 9007199254740996: spec.bounded in body should be a multiple of 5',
  ],
  ['{"one":9007199254740992}', `spec.one: Unsupported value: 9007199254740992: supported values: "1", "${ODD}"`],
  ['{"n":9223372036854775808}', 'spec.n: Invalid value: "float64": spec.n in body must be of type int64: "float64"'],
  [`{"small":${MOST}}`, 'Checked value must be of type integer with format int32 in spec.small'],
  [`{"ruled":${ODD}}`, `spec.ruled: Invalid value: ${ODD}: not this one`],
])('is judged whole: %s', async (spec, words) => {
  const { code, message } = (await send('POST', TABS, tab('bad', spec))).json()
  expect([code, message]).toEqual([422, expect.stringContaining(words)])
})

it('passes the rules that a rounded one would not, and is compared with what it was', async () => {
  const made = await make('good', `{"bounded":9007199254740995,"one":${ODD},"ratio":${ODD},"ruled":9007199254740994}`)
  expect(specOf(made)).toBe(
    `{"bounded":9007199254740995,"one":${ODD},"ratio":${ODD},"ruled":9007199254740994,"preset":${MOST}}`,
  )
  const fallen = await patch('good', '{"spec":{"ruled":9007199254740992}}', 'merge-patch+json')
  expect([fallen.code, fallen.json().message]).toEqual([422, expect.stringContaining('must not fall')])
})

it('is selected, watched, listed and shown in columns as it is, also by a server that finds it in the store', async () => {
  await make('read', `{"n":${ODD},"preset":1}`)
  await make('near', `{"n":9007199254740992,"preset":1}`)
  const { store, pki } = test
  await using second = await startTestServer({ options: { store }, pki })
  const { port } = await second.server.listen({ host: '127.0.0.1', port: 0 })
  const admin = await pki.issue('admin', ['system:masters'])
  const get = async (query: string, accept = 'application/json') =>
    (await rawRequest({ port, caPem: pki.caPem, ...admin, path: `${TABS}${query}`, headers: { accept } })).text
  const selected = await get(`?fieldSelector=spec.n%3D${ODD}`)
  expect(selected.match(/"name":"\w+"/g)).toEqual(['"name":"read"'])
  expect(selected).toContain(`"n":${ODD}`)
  expect(await get('/read', 'application/json;as=Table;v=v1;g=meta.k8s.io')).toContain(
    `"cells":["read",${ODD},9007199254740992,"${ODD}"]`,
  )
  expect(await get('/read', 'application/yaml')).toContain(`"n": ${ODD}\n`)
  using log = await watchLog(second.transport, TABS, { fieldSelector: 'metadata.name=read' })
  await log.length(1)
  expect(log.events[0]?.object).toMatchObject({ spec: { n: BigInt(ODD) } })
})

it('is whole in fields of built-in kinds too, in JSON and protobuf', async () => {
  const JOBS = '/apis/batch/v1/namespaces/default/jobs'
  const job = `{"metadata":{"name":"long"},"spec":{"activeDeadlineSeconds":${MOST},"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"a","image":"b"}]}}}}`
  expect((await send('POST', JOBS, job)).text).toContain(`"activeDeadlineSeconds":${MOST}`)
  const refused = await send('POST', JOBS, job.replace(MOST, '9223372036854775808'))
  expect(refused.json().message).toContain(
    'json: cannot unmarshal number 9223372036854775808 into Go struct field JobSpec.spec.activeDeadlineSeconds of type int64',
  )
  const admin = await test.pki.issue('admin', ['system:masters'])
  const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
  const headers = { accept: PROTOBUF_CONTENT_TYPE }
  const { bytes } = await rawRequest({ port, caPem: test.pki.caPem, ...admin, path: `${JOBS}/long`, headers })
  expect(JSON.stringify(readProtobuf(loadSchemas(), bytes).object)).toContain(`"activeDeadlineSeconds":${MOST}`)
})

it('may be a grace, of which a duration of Go makes the second before', async () => {
  const PODS = '/api/v1/namespaces/default/pods'
  await send('POST', '/api/v1/namespaces/default/serviceaccounts', '{"metadata":{"name":"default"}}')
  const spec = `{"nodeName":"n","terminationGracePeriodSeconds":${MOST},"containers":[{"name":"a","image":"b"}]}`
  await send('POST', PODS, `{"metadata":{"name":"slow"},"spec":${spec}}`)
  const before = Date.now()
  const { text } = await send('DELETE', `${PODS}/slow`, '{}')
  expect(text).toContain(`"deletionGracePeriodSeconds":${MOST}`)
  const at = Date.parse(/"deletionTimestamp":"(.*?)"/.exec(text)?.[1] ?? '')
  expect(at).toBeGreaterThan(before - 2_001)
  expect(at).toBeLessThan(Date.now())
})
