import { afterEach, expect, it } from 'vitest'
import { parseJson } from '../apimachinery/json.ts'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import { CRONTAB_SCHEMA, crontab, crontabs, define, TABS } from './testing/crontab.ts'
import { type FakeService, startFakeService } from './testing/fake-service.ts'
import { watchLog } from './testing/watch-log.ts'

let service: FakeService
afterEach(() => service[Symbol.asyncDispose]())

type Tab = KubeObject & { spec: Record<string, unknown> }
interface Review {
  request: { uid: string; desiredAPIVersion: string; objects: Tab[] }
}

/** v1 says `image`, v2 says `picture`. */
function converted(object: Tab, apiVersion: string): Tab {
  const { image, picture, ...spec } = object.spec
  const told = (image ?? picture) as string
  return { ...object, apiVersion, spec: { ...spec, [apiVersion.endsWith('v2') ? 'picture' : 'image']: told } }
}

async function start(answer: (review: Review) => object): Promise<void> {
  service = await startFakeService((request, response) => {
    let text = ''
    request.on('data', (chunk) => {
      text += chunk
    })
    request.on('end', () => {
      const review = parseJson(text) as unknown as Review
      response.end(JSON.stringify({ ...review, response: { uid: review.request.uid, ...answer(review) } }))
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
  const conversion = { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig } }
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
    message: 'Internal error occurred: conversion webhook for stable.example.com/v1, Kind=CronTab failed: no idea',
  })
  expect((await ask('GET', `${TABS}/one`)).spec.image).toBe('nginx')
})

it('lets a webhook change no names', async () => {
  await start(({ request: { desiredAPIVersion, objects } }) => ({
    result: { status: 'Success' },
    convertedObjects: objects.map((object) => ({
      ...converted(object, desiredAPIVersion),
      metadata: { ...object.metadata, name: 'mine' },
    })),
  }))
  await ask('POST', TABS, crontab('one'))
  await expect(ask('GET', `${V2}/one`)).rejects.toMatchObject({
    message: expect.stringContaining('must have the same name: one != mine'),
  })
})
