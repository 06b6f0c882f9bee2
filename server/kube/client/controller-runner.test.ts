import type { ConfigMap as CoreConfigMap } from 'kubernetes-types/core/v1'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FakeClock, settlePromises } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import type { ReconcileTrace, TraceEvent } from '../../base/trace.ts'
import { startTestServer, type TestServer } from '../apiserver/testing/test-server.ts'
import { ConfigMap } from '../kinds/config-map.ts'
import { Secret } from '../kinds/secret.ts'
import { createClient } from './client.ts'
import { controller } from './controller-builder.ts'
import { type RunningControllers, runControllers } from './controller-runner.ts'
import { type ReconcileContext, type Result, TerminalError } from './reconcile-context.ts'

let server: TestServer
let clock: FakeClock
let traces: TraceEvent[]
let running: RunningControllers | undefined
const CLIENT = 'kube-controller-manager/copy-controller'

beforeEach(async () => {
  clock = new FakeClock()
  traces = []
  server = await startTestServer({ clock })
})
afterEach(async () => {
  await running?.[Symbol.asyncDispose]()
  running = undefined
  await server[Symbol.asyncDispose]()
})

async function run(reconcile: (context: ReconcileContext) => Promise<Result>) {
  const definition = controller('copy')
    .for(ConfigMap)
    .owns(Secret)
    .reconcileWith(() => ({
      reconcile: (context) => (context.key.startsWith('default/') ? reconcile(context) : Promise.resolve()),
    }))
  running = runControllers({
    definitions: [definition],
    clientFor: (client) =>
      createClient(server.server.transportFor({ user: 'admin', groups: ['system:masters'], client })),
    clock,
    logger: noLogger,
    trace: { emit: (event) => void traces.push(event) },
    random: () => 0.5,
  })
  await running.ready
}
const create = (name: string): Promise<CoreConfigMap> =>
  server.client.of(ConfigMap).create({ metadata: { namespace: 'default', name } })
const turns = () =>
  traces.filter((event): event is ReconcileTrace => event.type === 'reconcile' && event.key.startsWith('default/'))
async function until(condition: () => unknown) {
  for (let round = 0; round < 5000 && !condition(); round++) await settlePromises()
  expect(condition()).toBeTruthy()
}

it('says of each turn what it wanted, saw, did and wrote, and because of what', async () => {
  await run(async ({ key, report, client }) => {
    report.wanted = 'a copy'
    report.seen = 'none'
    await client
      .of(Secret)
      .create({ metadata: { namespace: 'default', name: 'copy' } })
      .catch(() => undefined)
    report.did.push(`copied ${key}`)
  })
  const map = await create('a')
  await until(() => turns().length > 0)
  const secret = await server.client.of(Secret).get({ namespace: 'default', name: 'copy' })
  expect(turns()[0]).toMatchObject({
    client: CLIENT,
    key: 'default/a',
    outcome: 'done',
    because: Number(map.metadata?.resourceVersion),
    wanted: 'a copy',
    seen: 'none',
    did: ['copied default/a'],
    wrote: [Number(secret.metadata?.resourceVersion)],
  })
})

it('wakes the owner of what changes, before and after it changes hands', async () => {
  await run(async () => undefined)
  const [a, b] = [await create('a'), await create('b')]
  const ownedBy = ({ metadata }: CoreConfigMap) => [
    { apiVersion: 'v1', kind: 'ConfigMap', name: metadata?.name ?? '', uid: metadata?.uid ?? '', controller: true },
  ]
  const child = { namespace: 'default', name: 'child' }
  await until(() => turns().length === 2)
  await server.client.of(Secret).create({ metadata: { ...child, ownerReferences: ownedBy(a) } })
  await until(() => turns().length === 3)
  await server.client
    .of(Secret)
    .patch(child, 'application/merge-patch+json', { metadata: { ownerReferences: ownedBy(b) } })
  await until(() => turns().length === 5)
  expect(
    turns()
      .map(({ key }) => key)
      .slice(2),
  ).toEqual(['default/a', 'default/b', 'default/a'])
})

it('tries again after an error, later each time, for the same reason; never after a TerminalError', async () => {
  let failures = 3
  await run(async ({ key }) => {
    if (key === 'default/hopeless') throw new TerminalError('a person must look')
    if (failures-- > 0) throw new Error('not yet')
  })
  const map = await create('a')
  await until(() => turns().length === 1)
  for (let step = 0; step < 8; step++) await clock.advance(5)
  expect(turns().map(({ outcome, because }) => [outcome, because])).toEqual([
    ...Array.from({ length: 3 }, () => ['error', Number(map.metadata?.resourceVersion)]),
    ['done', Number(map.metadata?.resourceVersion)],
  ])
  await create('hopeless')
  await until(() => turns().length === 5)
  await clock.advance(10_000)
  expect(turns()).toHaveLength(5)
})

it('comes back when it has been asked to', async () => {
  let count = 0
  await run(async () => {
    count++
    return { requeueAfterMs: 30_000 }
  })
  await create('a')
  await until(() => turns().length === 1)
  await clock.advance(29_999)
  expect(count).toBe(1)
  await clock.advance(1)
  await until(() => count === 2)
  expect(running?.idle()).toBe(true)
  // A turn that time alone asked for and that did nothing is not worth a line.
  expect(turns()).toHaveLength(1)
})

it('shows its queue and how far its caches have heard', async () => {
  let open: () => void = () => undefined
  const gate = new Promise<void>((resolve) => (open = resolve))
  await run(() => gate)
  let last: CoreConfigMap | undefined
  for (let index = 0; index < 8; index++) last = await create(`m-${index}`)
  const loops = () => traces.filter((event) => event.type === 'loop')
  const revision = Number(last?.metadata?.resourceVersion)
  // Five workers have one each; the others wait.
  await until(() =>
    loops().some(
      ({ queueLength, queue, cacheRevision }) =>
        queueLength === 3 && queue[0] === 'default/m-5' && cacheRevision === revision,
    ),
  )
  open()
  await until(() => loops().at(-1)?.queueLength === 0)
})

it('refuses two loops of the same name', () => {
  const definition = controller('copy')
    .for(ConfigMap)
    .reconcileWith(() => ({ reconcile: () => Promise.resolve() }))
  const options = {
    clock,
    logger: noLogger,
    trace: { emit: () => undefined },
    random: () => 0,
    clientFor: () => server.client,
  }
  expect(() => runControllers({ ...options, definitions: [definition, definition] })).toThrow(
    'controller copy is listed twice',
  )
})
