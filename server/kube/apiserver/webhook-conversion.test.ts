import { afterEach, expect, it } from 'vitest'
import { parseJson } from '../apimachinery/json.ts'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import { CRONTAB_SCHEMA, crontab, crontabs, define, TABS } from './testing/crontab.ts'
import { type FakeService, startFakeService } from './testing/fake-service.ts'
import { watchLog } from './testing/watch-log.ts'

let service: FakeService
afterEach(() => service[Symbol.asyncDispose]())

type Tab = KubeObject & { spec: Record<string, unknown> }
type Told = { review?: object } & Record<string, unknown>
interface Review {
  request: { uid: string; desiredAPIVersion: string; objects: Tab[] }
}

/** v1 says `image`, v2 says `picture`. */
function converted(object: Tab, apiVersion: string): Tab {
  const { image, picture, ...spec } = object.spec
  const told = (image ?? picture) as string
  return { ...object, apiVersion, spec: { ...spec, [apiVersion.endsWith('v2') ? 'picture' : 'image']: told } }
}

/** `answer` tells what stands in the response, and, under `review`, what else the review says. */
async function start(answer: (review: Review) => Told, reviewVersion = 'v1'): Promise<void> {
  service = await startFakeService((request, response) => {
    let text = ''
    request.on('data', (chunk) => {
      text += chunk
    })
    request.on('end', () => {
      const review = parseJson(text) as unknown as Review
      const { review: more, ...told } = answer(review)
      response.end(JSON.stringify({ ...review, response: { uid: review.request.uid, ...told }, ...more }))
    })
  })
  const first = structuredClone(CRONTAB_SCHEMA)
  Object.assign(first.properties.spec.properties, { stamp: { type: 'integer' } })
  const second = structuredClone(first)
  const { image, ...rest } = second.properties.spec.properties
  second.properties.spec.properties = { ...rest, picture: image } as never
  const versions = [
    { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: first } },
    { name: 'v2', served: true, storage: false, schema: { openAPIV3Schema: second } },
  ]
  const clientConfig = { service: { namespace: 'default', name: 'hook', path: '/convert' }, caBundle: service.caBundle }
  const conversion = { strategy: 'Webhook', webhook: { conversionReviewVersions: [reviewVersion], clientConfig } }
  await define(service.test.transport, crontabs({}, { versions, conversion }))
}

const V2 = TABS.replace('/v1/', '/v2/')
const ask = async (method: 'GET' | 'POST', path: string, body?: object) =>
  (await service.test.transport.request({ method, path, ...(body ? { body } : {}) })) as Tab & { items: Tab[] }

it('converts on the way in and out, in lists and in watches, in order', async () => {
  await start(({ request: { desiredAPIVersion, objects } }) => ({
    result: { status: 'Success' },
    convertedObjects: objects.map((object) => converted(object, desiredAPIVersion)),
  }))
  await ask('POST', TABS, crontab('one', { image: 'busybox' }))
  using log = await watchLog(service.test.transport, V2)
  const made = await ask('POST', V2, {
    ...crontab('two'),
    apiVersion: 'stable.example.com/v2',
    spec: { cronSpec: '* * * * *', picture: 'redis' },
  })
  expect(made).toMatchObject({ apiVersion: 'stable.example.com/v2', spec: { picture: 'redis' } })
  expect((await ask('GET', `${TABS}/two`)).spec).toEqual({ cronSpec: '* * * * *', image: 'redis' })
  expect((await ask('GET', V2)).items.map(({ spec }) => spec.picture)).toEqual(['busybox', 'redis'])
  await log.length(2)
  expect(log.words).toEqual(['ADDED one', 'ADDED two'])
  expect(log.events.map(({ object }) => (object as Tab).spec.picture)).toEqual(['busybox', 'redis'])
})

it('hands numbers of 64 bits to the webhook and back whole', async () => {
  await start(({ request: { desiredAPIVersion, objects } }) => ({
    result: { status: 'Success' },
    convertedObjects: objects.map((object) => converted(object, desiredAPIVersion)),
  }))
  const stamp = 2n ** 63n - 1n
  await ask('POST', TABS, crontab('one', { stamp }))
  expect((await ask('GET', `${V2}/one`)).spec.stamp).toBe(stamp)
})

it('says why it cannot convert, and goes on serving what needs none', async () => {
  await start(() => ({ result: { status: 'Failed', message: 'no idea' } }))
  await ask('POST', TABS, crontab('one'))
  await expect(ask('GET', `${V2}/one`)).rejects.toMatchObject({
    reason: 'Unknown',
    code: 500,
    message: 'conversion webhook for stable.example.com/v1, Kind=CronTab failed: no idea',
  })
  expect((await ask('GET', `${TABS}/one`)).spec.image).toBe('nginx')
})

const Success = { result: { status: 'Success' } }

it('tells in upstream’s words what is wrong with an answer, of one object and of several', async () => {
  let answer: (tabs: Tab[], review: Review) => Told
  await start((review) => {
    const { desiredAPIVersion, objects } = review.request
    return answer(
      objects.map((object) => converted(object, desiredAPIVersion)),
      review,
    )
  })
  await ask('POST', TABS, { ...crontab('one'), metadata: { name: 'one', labels: { a: 'b' } } })
  const said = (path: string) =>
    ask('GET', path).then(
      () => 'nothing',
      ({ message }: Error) => message.replace('conversion webhook for stable.example.com/v1, Kind=CronTab ', ''),
    )
  const answers = (change: (tab: Tab) => unknown, only = (_index: number) => true) => {
    answer = (tabs) => ({ ...Success, convertedObjects: tabs.map((tab, at) => (only(at) ? change(tab) : tab)) })
  }
  const meta = (metadata: object) => (tab: Tab) => ({ ...tab, metadata: { ...tab.metadata, ...metadata } })
  const one = () => said(`${V2}/one`)

  answer = () => ({ review: { response: undefined } })
  expect(await one()).toBe('failed: no response provided')
  answer = () => ({ result: {} })
  expect(await one()).toBe("failed: response.result.status was '', not 'Success'")
  answer = () => ({ uid: 'other' })
  expect(await one()).toMatch(/^failed: expected response.uid="[-0-9a-f]{36}", got "other"$/)
  answer = () => ({ ...Success, review: { apiVersion: 'apiextensions.k8s.io/v1beta1' } })
  const expected = 'failed: expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got'
  expect(await one()).toBe(`${expected} apiextensions.k8s.io/v1beta1, Kind=ConversionReview`)
  answer = () => ({ ...Success, review: { apiVersion: undefined, kind: undefined } })
  expect(await one()).toBe(`${expected} /, Kind=`)
  answer = () => ({ ...Success, convertedObjects: [] })
  expect(await one()).toBe('returned 0 objects, expected 1')
  answers(({ spec }) => ({ spec }))
  expect(await one()).toBe(`Object 'Kind' is missing in '{"spec":{"cronSpec":"* * * * */5","picture":"nginx"}}'`)
  answers((tab) => ({ ...tab, apiVersion: 'stable.example.com/v1' }))
  const invalid = 'returned invalid object at index 0: invalid'
  const versions = '(expected stable.example.com/v2, received stable.example.com/v1)'
  expect(await one()).toBe(`${invalid} groupVersion ${versions}`)
  answers((tab) => ({ ...tab, kind: 'Tab' }))
  expect(await one()).toBe(`${invalid} kind (expected CronTab, received Tab)`)
  answers(meta({ name: 'mine' }))
  expect(await one()).toBe('returned invalid object: must have the same name: one != mine')
  answers(meta({ uid: undefined }))
  expect(await one()).toMatch(/^returned invalid object: must have the same UID: [-0-9a-f]{36} != $/)
  answers(meta({ labels: ['a'] }))
  const broken = 'returned invalid metadata:'
  expect(await one()).toBe(`${broken} invalid metadata.labels of type []interface {} in converted object`)
  answers(meta({ annotations: { a: 1 } }))
  expect(await one()).toBe(`${broken} metadata.annotations[a] must be a string, but is int64 in converted object`)
  answers(meta({ labels: { a: 'not so' } }))
  expect(await one()).toMatch(/^returned invalid metadata: metadata.labels: Invalid value: "not so": a valid label/)
  answers(meta({ annotations: { 'not so': '' } }))
  expect(await one()).toMatch(/^returned invalid metadata: metadata.annotation: Invalid value: "not so": name part/)

  await ask('POST', TABS, crontab('two'))
  const second = (at: number) => at === 1
  answers(() => 'nothing', second)
  const many = 'returned invalid converted object at index 1:'
  expect(await said(V2)).toBe(`${many} Object 'Kind' is missing in '"nothing"'`)
  answers((tab) => ({ ...tab, apiVersion: 'stable.example.com/v1' }), second)
  expect(await said(V2)).toBe(`${many} invalid groupVersion ${versions}`)
  answers(meta({ namespace: 'other' }), second)
  expect(await said(V2)).toBe(`${many} must have the same namespace: default != other`)
  answers(meta({ labels: 1 }), second)
  expect(await said(V2)).toBe(
    'returned invalid metadata in object at index 1: invalid metadata.labels of type int64 in converted object',
  )

  // Labels and annotations are the webhook's to change, and nothing else is: what else it says is not heard.
  answers(meta({ labels: null, annotations: { from: 'v1' }, finalizers: ['example.com/x'], generation: 9 }))
  const { metadata } = await ask('GET', `${V2}/one`)
  expect(metadata).toMatchObject({ name: 'one', generation: 1, annotations: { from: 'v1' } })
  expect(metadata).not.toHaveProperty('labels')
  expect(metadata).not.toHaveProperty('finalizers')
})

it('holds no answer of v1beta1 to the question, as it never did', async () => {
  await start(
    ({ request: { desiredAPIVersion, objects } }) => ({
      ...Success,
      uid: undefined,
      convertedObjects: objects.map((object) => converted(object, desiredAPIVersion)),
    }),
    'v1beta1',
  )
  await ask('POST', TABS, crontab('one'))
  expect((await ask('GET', `${V2}/one`)).spec.picture).toBe('nginx')
})
