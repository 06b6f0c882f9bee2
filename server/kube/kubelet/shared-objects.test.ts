import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import type { RequestTrace } from '../../base/trace.ts'
import { startTestServer, type TestServer } from '../apiserver/testing/test-server.ts'
import { createClient } from '../client/client.ts'
import { ConfigMap } from '../kinds/config-map.ts'
import { Secret } from '../kinds/secret.ts'
import { Service } from '../kinds/service.ts'
import { type ApiObjects, createApiObjects } from './api-objects.ts'
import { SharedObjects } from './shared-objects.ts'

let clock: FakeClock
let server: TestServer
let shared: SharedObjects
let requests: RequestTrace[]
const patience = { timeout: 20_000 }
const settings = { namespace: 'default', name: 'settings' }

beforeEach(async () => {
  clock = new FakeClock()
  requests = []
  const emit = (event: { type: string }) => {
    if (event.type === 'request') requests.push(event as RequestTrace)
  }
  server = await startTestServer({ clock, trace: { emit } })
  const { client } = server
  shared = new SharedObjects({ client, clock, random: () => 0, logger: noLogger })
  await client.of(ConfigMap).create({ metadata: settings, data: { colour: 'red' } })
})
afterEach(async () => {
  shared[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

const node = (name: string): ApiObjects => {
  const user = `system:node:${name}`
  const transport = server.server.transportFor({ user, groups: ['system:masters'], client: `kubelet/${name}` })
  return shared.before(createApiObjects(createClient(transport), clock))
}
const watched = (what: string) =>
  vi.waitFor(
    () => expect(requests.some(({ verb, resource }) => verb === 'watch' && resource === what)).toBe(true),
    patience,
  )
const askedBy = (client: string) => requests.filter((one) => one.client === client)

it('lets no node ask for what another has heard of, in the state that it has now', async () => {
  const [first, second] = [node('n1'), node('n2')]
  const colour = async () => (await second.configMap('default', 'settings'))?.data?.colour
  // The first asks itself, and makes the others' watch begin.
  expect((await first.configMap('default', 'settings'))?.data).toEqual({ colour: 'red' })
  await watched('configmaps')
  await vi.waitFor(async () => expect(await colour()).toBe('red'), patience)
  requests.length = 0

  await server.client.of(ConfigMap).patch(settings, 'application/merge-patch+json', { data: { colour: 'blue' } })
  await vi.waitFor(async () => expect(await colour()).toBe('blue'), patience)
  expect(await colour()).toBe('blue')
  expect(askedBy('kubelet/n2')).toEqual([])
})

it('has a node ask for what is not there', async () => {
  const one = node('n1')
  await one.secret('default', 'key')
  await one.services('default')
  await watched('secrets')
  await watched('services')
  requests.length = 0
  expect(await one.secret('default', 'other')).toBeUndefined()
  expect(askedBy('kubelet/n1').map(({ verb, name }) => [verb, name])).toEqual([['get', 'other']])

  await server.client.of(Secret).create({ metadata: { namespace: 'default', name: 'made' }, type: 'Opaque' })
  expect((await one.secret('default', 'made'))?.type).toBe('Opaque')
  const service = { metadata: { namespace: 'default', name: 'web' }, spec: { ports: [{ port: 80 }] } }
  await server.client.of(Service).create(service)
  await vi.waitFor(
    async () => expect((await one.services('default')).map(({ metadata }) => metadata?.name)).toContain('web'),
    patience,
  )
  expect(await one.services('elsewhere')).toEqual([])
})
