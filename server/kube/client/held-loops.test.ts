// Loops at their gates: what is held, slowed or stepped loses nothing, changes no order and is in nobody's way.

import type { ConfigMap as CoreConfigMap } from 'kubernetes-types/core/v1'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { FakeClock, settlePromises } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { noTrace } from '../../base/trace.ts'
import { startTestServer, type TestServer } from '../apiserver/testing/test-server.ts'
import { ConfigMap } from '../kinds/config-map.ts'
import { createClient } from './client.ts'
import { controller } from './controller-builder.ts'
import { type RunningControllers, runControllers } from './controller-runner.ts'
import { LoopGates } from './loop-gate.ts'

const clock = new FakeClock()
let server: TestServer
let gates: LoopGates
let running: RunningControllers
let tests = 0
beforeAll(async () => {
  server = await startTestServer({ clock })
})
afterEach(() => running[Symbol.asyncDispose]())
afterAll(() => server[Symbol.asyncDispose]())

const clientOf = (loop: string) => `kube-controller-manager/${loop}-controller`

interface Turn {
  loop: string
  name: string
  data: string | undefined
  at: number
}

/** Two loops that see the same objects, each of a namespace of the test's own. */
async function run({ fails = new Set<string>() } = {}) {
  const namespace = `test-${++tests}`
  await server.client.transport.request({
    method: 'POST',
    path: '/api/v1/namespaces',
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
  })
  const turns: Turn[] = []
  const loop = (name: string) =>
    controller(name)
      .watches(ConfigMap, ({ object }) =>
        object.metadata?.namespace === namespace ? [object.metadata.name ?? ''] : [],
      )
      .concurrency(1)
      .reconcileWith((view) => ({
        async reconcile({ key }) {
          const map = view.cache(ConfigMap).get(`${namespace}/${key}`)
          turns.push({ loop: name, name: key, data: map?.data?.text, at: clock.monotonic() })
          if (name === 'first' && fails.delete(key)) throw new Error('for the test')
        },
      }))
  gates = new LoopGates(clock)
  running = runControllers({
    definitions: [loop('first'), loop('second')],
    clientFor: (client) =>
      createClient(server.server.transportFor({ user: 'admin', groups: ['system:masters'], client })),
    clock,
    logger: noLogger,
    trace: noTrace,
    random: () => 0.5,
    gate: gates,
  })
  await running.ready
  const maps = server.client.of(ConfigMap)
  return {
    create: (name: string, text = ''): Promise<CoreConfigMap> =>
      maps.create({ metadata: { namespace, name }, data: { text } }),
    change: (name: string, text: string) =>
      maps.patch({ namespace, name }, 'application/merge-patch+json', { data: { text } }),
    of: (name: string) => turns.filter((turn) => turn.loop === name),
    names: (name: string) => turns.filter((turn) => turn.loop === name).map((turn) => turn.name),
    waiting: () => running.loops[0]?.queueLength,
  }
}

async function until(what: string, condition: () => unknown) {
  for (let round = 0; round < 5000 && !condition(); round++) await settlePromises()
  expect(condition(), what).toBeTruthy()
}

it('a held loop starves no other: that one takes every turn it would take', async () => {
  const { create, names, waiting } = await run()
  gates.hold(clientOf('first'))
  const all = Array.from({ length: 20 }, (_, index) => `m-${String(index).padStart(2, '0')}`)
  for (const name of all) await create(name)
  await until('all in the other', () => names('second').length === all.length)
  expect(names('second')).toEqual(all)
  await until('all wait in the held one', () => waiting() === all.length)
  expect(names('first')).toEqual([])
  gates.release(clientOf('first'))
  await until('all in the released one', () => names('first').length === all.length)
  expect(names('first')).toEqual(all)
})

it('a stepped loop takes its keys in the order they came, each once, and sees them as they are then', async () => {
  const { create, change, of, names, waiting } = await run()
  gates.hold(clientOf('first'))
  for (const name of ['a', 'b', 'c']) await create(name, 'old')
  await change('a', 'new')
  await until('all wait', () => waiting() === 3 && names('second').length >= 4)
  for (const left of [2, 1, 0]) {
    gates.step(clientOf('first'))
    await until('one turn', () => waiting() === left)
  }
  await until('three turns', () => of('first').length === 3)
  expect(of('first').map(({ name, data }) => `${name} ${data}`)).toEqual(['a new', 'b old', 'c old'])
  // A step that nothing waits for is kept for what comes.
  gates.step(clientOf('first'))
  await settlePromises()
  await create('d')
  await until('the step was not lost', () => names('first').at(-1) === 'd')
  await create('e')
  await until('and was one', () => waiting() === 1)
  expect(names('first')).toEqual(['a', 'b', 'c', 'd'])
})

it('a slowed loop keeps its pace and its order, and slows no other', async () => {
  const { create, of, names } = await run()
  gates.slow(clientOf('first'), 2000)
  const startedAt = clock.monotonic()
  for (const name of ['a', 'b', 'c']) await create(name)
  await until('the other is done', () => names('second').length === 3)
  expect(clock.monotonic()).toBe(startedAt)
  for (let second = 0; second < 4; second++) await clock.advance(1000)
  await until('all three', () => of('first').length === 3)
  expect(of('first').map(({ name, at }) => `${name} ${at - startedAt}`)).toEqual(['a 0', 'b 2000', 'c 4000'])
})

it('what fails while a loop is stepped is tried again, behind the others, and not lost', async () => {
  const { create, names, waiting } = await run({ fails: new Set(['a']) })
  gates.hold(clientOf('first'))
  for (const name of ['a', 'b']) await create(name)
  await until('both wait', () => waiting() === 2)
  gates.step(clientOf('first'))
  await until('a has failed', () => names('first').length === 1)
  await clock.advance(1000)
  await until('a waits again', () => waiting() === 2)
  gates.release(clientOf('first'))
  await until('all done', () => names('first').length === 3)
  expect(names('first')).toEqual(['a', 'b', 'a'])
})
