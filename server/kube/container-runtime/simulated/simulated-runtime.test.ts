import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { conforms, type RuntimeUnderTest, removeAll } from '../testing/conformance.ts'
import { SimulatedRuntime } from './simulated-runtime.ts'

let clock: FakeClock
let runtime: SimulatedRuntime
let under: RuntimeUnderTest

beforeEach(() => {
  clock = new FakeClock()
  runtime = new SimulatedRuntime({ clock, podCidr: '10.244.7.0/24' })
  under = { runtime, reopen: () => runtime, image: 'app:1', rest: () => clock.advance(100) }
})
afterEach(() => removeAll(under.runtime))

conforms(() => under)

async function created(annotations: Record<string, string> = {}): Promise<string> {
  await runtime.pullImage('app:1')
  const place = { name: 'web', namespace: 'default', uid: 'u', attempt: 0 }
  const sandbox = await runtime.runPodSandbox({ ...place, labels: {}, annotations } as never)
  return runtime.createContainer(sandbox, {
    name: 'app',
    attempt: 0,
    image: 'app:1',
    labels: {},
    annotations: {},
  } as never)
}
const stateOf = async (id: string) => (await runtime.containerStatus(id)).state

it('starts when it was asked to', async () => {
  const id = await created({ 'simulated.podium.dev/start-after': '3s' })
  const started = runtime.startContainer(id)
  await clock.advance(2_900)
  expect(await stateOf(id)).toBe('created')
  await clock.advance(200)
  await started
  expect(await stateOf(id)).toBe('running')
})

it('says what is wrong with what it was asked', async () => {
  const id = await created({ 'simulated.podium.dev/exit-after': 'soon' })
  await expect(runtime.startContainer(id)).rejects.toThrow('simulated.podium.dev/exit-after: cannot read "soon"')
})

it('crashes on demand, which those hear who follow its log', async () => {
  const id = await created()
  await runtime.startContainer(id)
  const log = text(await runtime.logs(id, { follow: true, timestamps: false, signal: new AbortController().signal }))
  expect(await (await runtime.exec(id, { command: ['ls'] })).exitCode).toBe(126)
  expect(await stateOf(id)).toBe('running')
  expect(await (await runtime.exec(id, { command: ['exit', '3'] })).exitCode).toBe(3)
  expect(await runtime.containerStatus(id)).toMatchObject({ state: 'exited', exitCode: 3, reason: 'Error' })
  expect(await log).toBe('container app is simulated: it says nothing\n')
})

it('uses what its script says', async () => {
  const id = await created({ 'simulated.podium.dev/cpu': '100m, 1 after 10s', 'simulated.podium.dev/memory': '1Mi' })
  await runtime.startContainer(id)
  await clock.advance(10_000)
  await clock.advance(5_000)
  const [{ cpuNanoSeconds, memoryUsageBytes } = {}] = await runtime.stats()
  expect({ cpuNanoSeconds, memoryUsageBytes }).toEqual({ cpuNanoSeconds: 6e9, memoryUsageBytes: 2 ** 20 })
})
