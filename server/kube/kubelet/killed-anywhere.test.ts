// A kubelet that is killed at any of its steps, again and again: the next one takes over what runs. A life ends before or
// after one call to the runtime or the API server, chosen by a seed; what a dead kubelet asks for is never answered.

import type { Pod as PodObject } from 'kubernetes-types/core/v1'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { startTestServer, type TestServer } from '../apiserver/testing/test-server.ts'
import { createClient } from '../client/client.ts'
import type { ContainerRuntime } from '../container-runtime/container-runtime.ts'
import { SimulatedRuntime } from '../container-runtime/simulated/simulated-runtime.ts'
import { Pod } from '../kinds/pod.ts'
import { ServiceAccount } from '../kinds/service-account.ts'
import { createSimulatedNodeOs } from '../node-os/simulated-node-os.ts'
import { seededRandom } from '../store/testing/seeded-random.ts'
import { type Kubelet, startKubelet } from './kubelet.ts'

const LIVES = 12
const PODS = 4
let server: TestServer
const clock = new FakeClock()

beforeAll(async () => {
  server = await startTestServer({ clock })
  await server.client.of(ServiceAccount).create({ metadata: { namespace: 'default', name: 'default' } })
})
afterAll(() => server[Symbol.asyncDispose]())

/** Calls pass until the last one; from then on nobody answers. */
class Life {
  readonly #last: number
  readonly #isLastDone: boolean
  #calls = 0
  readonly ended = Promise.withResolvers<void>()

  constructor(last: number, isLastDone: boolean) {
    this.#last = last
    this.#isLastDone = isLastDone
  }

  /** `to`, as this life reaches it. */
  of<T extends object>(to: T, counted: (name: string) => boolean): T {
    return new Proxy(to, {
      get: (_, name) => {
        const method = Reflect.get(to, name)
        if (typeof method !== 'function') return method
        if (!counted(String(name))) return method.bind(to)
        return async (...args: unknown[]) => {
          this.#calls++
          const isLast = this.#calls === this.#last
          if (this.#calls < this.#last || (isLast && this.#isLastDone)) {
            const answer = await method.apply(to, args)
            if (!isLast) return answer
          }
          this.ended.resolve()
          return new Promise(() => undefined)
        }
      },
    })
  }
}

function begin(runtime: SimulatedRuntime, node: string, life: Life): Promise<Kubelet> {
  const transport = server.server.transportFor({ user: node, groups: ['system:masters'], client: `kubelet/${node}` })
  return startKubelet({
    nodeName: node,
    nodeIP: '192.0.2.9',
    client: createClient(life.of(transport, (name) => name === 'request')),
    runtime: life.of<ContainerRuntime>(runtime, (name) => name !== 'events'),
    os: createSimulatedNodeOs({ hostname: node }),
    clock,
    logger: noLogger,
    random: () => 0,
  })
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + 20_000
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error(`never came: ${what}`)
    await clock.advance(100)
  }
}

const pod = (node: string, index: number): PodObject =>
  ({
    metadata: { namespace: 'default', name: `${node}-${index}` },
    spec: {
      nodeName: node,
      automountServiceAccountToken: false,
      initContainers: [
        { name: 'init', image: 'i:1' },
        { name: 'side', image: 's:1', restartPolicy: 'Always' },
      ],
      containers: [
        { name: 'app', image: 'a:1' },
        { name: 'other', image: 'o:1' },
      ],
    },
  }) as PodObject

it.each([1, 2, 3, 4])(
  'nothing that runs is ended, nothing is doubled, everything gets there (seed %i)',
  async (seed) => {
    const random = seededRandom(seed)
    const node = `n${seed}`
    const runtime = new SimulatedRuntime({ clock, podCidr: `10.244.${seed}.0/24` })
    const pods = server.client.of(Pod)
    const deleted = new Set<string>()
    const wrong: string[] = []
    using _watch = runtime.events(async ({ type, containerId, podUid }) => {
      const all = await runtime.listContainers(podUid)
      const { name, exitCode } = all.find(({ id }) => id === containerId) ?? { name: '?', exitCode: -1 }
      const alive = all.filter((one) => one.name === name && one.state === 'running').length
      if (alive > 1) wrong.push(`${alive} of ${name} run`)
      if (type === 'exited' && name !== 'init' && !deleted.has(podUid)) wrong.push(`${name} was ended with ${exitCode}`)
    })
    const kubelets: Promise<Kubelet>[] = []
    for (let made = 0; made < LIVES; made++) {
      if (made < PODS) await pods.create(pod(node, made))
      if (made === LIVES - 2) {
        const name = `${node}-0`
        deleted.add((await pods.get({ namespace: 'default', name })).metadata?.uid ?? '')
        await pods.delete({ namespace: 'default', name }, { gracePeriodSeconds: 1 })
      }
      const life = new Life(5 + Math.floor(random() * 60), random() < 0.5)
      kubelets.push(begin(runtime, node, life))
      let isOver = false
      void life.ended.promise.then(() => {
        isOver = true
      })
      await until('the end of a life', async () => isOver)
    }
    const immortal = await begin(runtime, node, new Life(Number.POSITIVE_INFINITY, true))
    await until('all is as asked', async () => {
      const { items } = await pods.list({ namespace: 'default', fieldSelector: `spec.nodeName=${node}` })
      return items.length === PODS - 1 && items.every(({ status }) => status?.phase === 'Running')
    })
    expect(wrong).toEqual([])
    const left = await runtime.listContainers()
    expect(left.filter(({ state }) => state === 'running').length).toBe(3 * (PODS - 1))
    // Who died between the API's last word and the engine's leaves the rest to housekeeping.
    const isLeft = async () => (await runtime.listContainers()).some(({ podUid }) => deleted.has(podUid))
    await until('nothing is left of what was deleted', async () => !(await isLeft()))
    await immortal[Symbol.asyncDispose]()
    // The dead wait for answers that never come; only what they hold in this process is let go.
    for (const one of kubelets) void one.then((dead) => dead[Symbol.asyncDispose]())
  },
)
