import { afterEach, beforeEach, expect, it } from 'vitest'
import { isNotFound } from '../apimachinery/status-error.ts'
import { crontab, crontabs, define, TABS } from '../apiserver/testing/crontab.ts'
import { startTestServer } from '../apiserver/testing/test-server.ts'
import { ConfigMap } from '../kinds/config-map.ts'
import { Namespace } from '../kinds/namespace.ts'
import { runScheduler } from '../scheduler/index.ts'
import { startTestLoops, type TestLoops } from './testing/test-loops.ts'

let loops: TestLoops
beforeEach(async () => {
  loops = await startTestLoops({ startTestServer, runScheduler })
})
afterEach(() => loops[Symbol.asyncDispose]())

const ask = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) =>
  loops.client.transport.request({ method, path, ...(body ? { body } : {}) })
const isGone = (path: string) => ask('GET', path).then(() => false, isNotFound)

it('collects what belonged to a custom resource, and custom resources that belonged to others', async () => {
  await loops.run(['garbage-collector', 'serviceaccount'])
  await define(loops.client.transport, crontabs())
  const owner = (await ask('POST', TABS, crontab('owner'))) as { metadata: { uid: string } }
  const map = { namespace: 'default', name: 'owned' }
  const reference = { apiVersion: 'stable.example.com/v1', kind: 'CronTab', name: 'owner', uid: owner.metadata.uid }
  await loops.client.of(ConfigMap).create({ metadata: { ...map, ownerReferences: [reference] } })
  const { metadata } = await loops.client.of(ConfigMap).get(map)
  const above = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owned', uid: metadata?.uid ?? '' }
  await ask('POST', TABS, { ...crontab('below'), metadata: { name: 'below', ownerReferences: [above] } })
  await ask('DELETE', `${TABS}/owner`)
  await loops.until('all of it has gone', async () => isGone(`${TABS}/below`))
  expect(await isGone('/api/v1/namespaces/default/configmaps/owned')).toBe(true)
})

it('empties a namespace of custom resources', async () => {
  await loops.run(['namespace', 'serviceaccount'])
  await define(loops.client.transport, crontabs())
  await loops.client.of(Namespace).create({ metadata: { name: 'shop' } })
  await ask('POST', TABS.replace('default', 'shop'), crontab('mine'))
  await loops.client.of(Namespace).delete({ name: 'shop' })
  await loops.until('it has gone', () => isGone('/api/v1/namespaces/shop'))
  expect(await ask('GET', '/apis/stable.example.com/v1/crontabs')).toMatchObject({ items: [] })
})
