import type { Node as NodeObject, NodeStatus } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { startTestServer } from '../apiserver/testing/test-server.ts'
import type { Client } from '../client/client.ts'
import { SimulatedRuntime } from '../container-runtime/simulated/simulated-runtime.ts'
import { Node } from '../kinds/node.ts'
import { createSimulatedNodeOs } from '../node-os/simulated-node-os.ts'
import { kubeletConfigurationOf } from './kubelet-configuration.ts'
import type { KubeletEvents } from './kubelet-events.ts'
import { NodeReporter, type NodeReporterOptions } from './node-reporter.ts'

const reporterOf = (
  told: Pick<NodeReporterOptions, 'client' | 'clock' | 'runtime' | 'machine'> & Partial<NodeReporterOptions>,
): NodeReporter =>
  new NodeReporter({
    nodeName: 'n1',
    nodeIP: '192.0.2.9',
    secondNodeIP: 'fd00::9',
    known: () => undefined,
    runtimeName: 'simulated',
    events: { node: () => {} } as unknown as KubeletEvents,
    logger: noLogger,
    random: () => 0,
    kubeletVersion: 'v1.36.0',
    kubeletPort: 10_250,
    maxPods: 110,
    labels: {},
    annotations: { note: 'own' },
    taints: undefined,
    configuration: kubeletConfigurationOf(undefined),
    pressures: () => new Set(),
    volumesInUse: async () => [],
    shuttingDown: () => undefined,
    onNetworkState: () => undefined,
    ...told,
  })

it('looks again at once when something has changed while it was looking', async () => {
  const clock = new FakeClock()
  await using test = await startTestServer({ clock })
  const runtime = new SimulatedRuntime({ clock })
  const machine = await createSimulatedNodeOs({ hostname: 'n1' }).machine()
  const stop = new AbortController()
  const reporter: NodeReporter = reporterOf({
    client: test.client,
    clock,
    runtime,
    machine,
    onNetworkState(notReady) {
      // The network is there between the look and its report, once the node is registered.
      if (notReady && isRegistered && !hasNetwork)
        void runtime.updatePodCidr('10.244.7.0/24').then(() => reporter.poke())
    },
  })
  let isRegistered = false
  let hasNetwork = false
  const run = reporter.run(stop.signal, () => {
    isRegistered = true
  })
  const readiness = async () =>
    (await test.client.of(Node).get({ name: 'n1' })).status?.conditions?.find(({ type }) => type === 'Ready')?.status
  await expect.poll(() => readiness().catch(() => undefined), { timeout: 60_000 }).toBe('True')
  const node = await test.client.of(Node).get({ name: 'n1' })
  // Without it nobody attaches volumes here.
  expect(node.metadata?.annotations).toEqual({
    'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
    note: 'own',
  })
  const addresses = node.status?.addresses?.map(({ address }) => address)
  expect(addresses, 'one of each family').toEqual(['192.0.2.9', 'fd00::9', 'n1'])
  expect(clock.now(), 'no time has passed').toBe(new FakeClock().now())
  // A runtime that is down is still called by its name.
  hasNetwork = true
  runtime.version = async () => {
    throw new Error('connection refused')
  }
  reporter.poke()
  await expect.poll(readiness, { timeout: 60_000 }).toBe('False')
  const { nodeInfo, conditions } = (await test.client.of(Node).get({ name: 'n1' })).status ?? {}
  expect(nodeInfo?.containerRuntimeVersion).toBe('simulated://Unknown')
  expect(conditions?.find(({ type }) => type === 'Ready')?.message).toBe(
    'container runtime is down: connection refused',
  )
  stop.abort()
  await run
})

it('goes by what it has heard of its Node, and asks only when that is older than its last word or the line was broken', async () => {
  const clock = new FakeClock()
  const runtime = new SimulatedRuntime({ clock })
  await runtime.updatePodCidr('10.244.7.0/24')
  const machine = await createSimulatedNodeOs({ hostname: 'n1' }).machine()
  // An API server that holds one object.
  let node: NodeObject = {}
  const did: string[] = []
  const write = (verb: string, status: NodeStatus | undefined) => {
    did.push(verb)
    node = {
      metadata: { resourceVersion: String(Number(node.metadata?.resourceVersion ?? 0) + 1) },
      ...(status && { status }),
    }
    return node
  }
  const read = async () => {
    did.push('GET')
    return node
  }
  const client = {
    transport: { request: read },
    of: () => ({
      create: async ({ status }: NodeObject) => write('POST', status),
      patch: async (_: object, __: string, { status }: NodeObject) => write('PATCH', status),
    }),
  } as unknown as Client
  let heard: NodeObject | undefined
  const reporter = reporterOf({ client, clock, runtime, machine, known: () => heard })
  const stop = new AbortController()
  const run = reporter.run(stop.signal, () => undefined)
  const didNow = async (ms: number) => {
    await clock.advance(ms)
    return did.splice(0)
  }
  expect(await didNow(0)).toEqual(['POST', 'GET', 'PATCH'])
  expect(await didNow(10_000), 'nothing was heard yet').toEqual(['GET'])
  heard = node
  expect(await didNow(30_000), 'three looks').toEqual([])
  reporter.doubt()
  expect(await didNow(20_000), 'the first of two').toEqual(['GET'])
  // Another component contradicts it, and is heard.
  const conditions = node.status?.conditions?.map((one) => (one.type === 'Ready' ? { ...one, status: 'Unknown' } : one))
  heard = write('lifecycle', { ...node.status, conditions: conditions ?? [] })
  expect(await didNow(10_000)).toEqual(['lifecycle', 'PATCH'])
  expect(await didNow(10_000), 'its own last word has not been heard yet').toEqual(['GET'])
  stop.abort()
  await run
})
