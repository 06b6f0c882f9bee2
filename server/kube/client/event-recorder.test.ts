import { afterEach, beforeEach, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { startTestServer, type TestServer } from '../apiserver/testing/test-server.ts'
import { Event } from '../kinds/event.ts'
import { Node } from '../kinds/node.ts'
import { EventRecorder } from './event-recorder.ts'

let server: TestServer
let recorder: EventRecorder
const clock = new FakeClock()
const about = { metadata: { name: 'node-1', uid: 'uid-1', resourceVersion: '1' } }
const say = (reason: string, message: string) =>
  recorder.record({ about, kind: Node, type: 'Warning', reason, message })

beforeEach(async () => {
  server = await startTestServer({ clock })
  recorder = new EventRecorder({ client: server.client, clock, logger: noLogger, component: 'kubelet', host: 'node-1' })
})
afterEach(async () => {
  await recorder[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const events = async () => {
  await recorder.flush()
  return (await server.client.of(Event).list({ namespace: 'default' })).items
}

it('counts the same words instead of writing them again', async () => {
  say('BackOff', 'Back-off restarting failed container')
  await recorder.flush()
  await clock.advance(60_000)
  say('BackOff', 'Back-off restarting failed container')
  say('BackOff', 'Back-off restarting failed container')
  const [event, ...others] = await events()
  expect(others).toEqual([])
  expect(event).toMatchObject({
    count: 3,
    firstTimestamp: '2026-01-01T00:00:00Z',
    lastTimestamp: '2026-01-01T00:01:00Z',
    involvedObject: { kind: 'Node', name: 'node-1', apiVersion: 'v1' },
    source: { component: 'kubelet', host: 'node-1' },
  })
})

it('combines what differs only in its words, once there are ten of them', async () => {
  for (let index = 0; index < 14; index++) say('Failed', `attempt ${index}`)
  const all = await events()
  expect(all).toHaveLength(11)
  expect(all.find(({ message }) => message?.startsWith('(combined'))).toMatchObject({
    count: 4,
    message: '(combined from similar events): attempt 13',
  })
})

it('lets nobody flood the store: 25 at once, then one every five minutes', async () => {
  for (let index = 0; index < 40; index++) say(`Reason${index}`, 'words')
  expect(await events()).toHaveLength(25)
  await clock.advance(300_000)
  say('ReasonX', 'words')
  say('ReasonY', 'words')
  expect((await events()).filter(({ reason }) => reason === 'ReasonX' || reason === 'ReasonY')).toHaveLength(1)
})

it('begins anew when somebody has tidied up', async () => {
  say('Started', 'words')
  const [first] = await events()
  await server.client.of(Event).delete({ namespace: 'default', name: first?.metadata.name ?? '' })
  say('Started', 'words')
  const [second] = await events()
  expect(second).toMatchObject({ count: 1, message: 'words' })
})

it('is not silenced by another component that speaks of the same thing at the same time', async () => {
  const other = new EventRecorder({ client: server.client, clock, logger: noLogger, component: 'scheduler' })
  say('Started', 'words')
  other.record({ about, kind: Node, type: 'Normal', reason: 'Seen', message: 'other words' })
  await other.flush()
  expect((await events()).map(({ reason }) => reason).sort()).toEqual(['Seen', 'Started'])
  await other[Symbol.asyncDispose]()
})
