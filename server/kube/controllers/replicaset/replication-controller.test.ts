// What differs from ReplicaSets: the selector is plain labels, and who deletes one leaves its pods.

import { afterEach, beforeEach, expect, it } from 'vitest'
import { controllerOf } from '../../apimachinery/object-meta.ts'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { ReplicationController } from '../../kinds/replication-controller.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { startTestLoops, type TestLoops } from '../testing/test-loops.ts'

let loops: TestLoops
const web = { namespace: 'default', name: 'web' }

beforeEach(async () => {
  loops = await startTestLoops({ startTestServer, runScheduler })
})
afterEach(() => loops[Symbol.asyncDispose]())

const get = () => loops.client.of(ReplicationController).get(web)

it('keeps as many pods as asked for, and leaves them behind', async () => {
  await loops.run(['replication', 'serviceaccount', 'garbage-collector'])
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } }
  await loops.client.of(ReplicationController).create({ metadata: web, spec: { replicas: 3, template } })
  await loops.until('3 in status', async () => (await get()).status?.replicas === 3)
  const made = await loops.pods()
  expect(made.map((pod) => controllerOf(pod)?.kind)).toEqual(Array(3).fill('ReplicationController'))
  await loops.client.of(ReplicationController).delete(web)
  await loops.until('it is gone', () =>
    get().then(
      () => false,
      () => true,
    ),
  )
  const left = await loops.pods()
  expect(left.map(({ metadata }) => metadata?.uid).sort()).toEqual(made.map(({ metadata }) => metadata?.uid).sort())
  expect(left.some((pod) => controllerOf(pod))).toBe(false)
})
