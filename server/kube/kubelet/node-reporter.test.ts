import { expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { startTestServer } from '../apiserver/testing/test-server.ts'
import { SimulatedRuntime } from '../container-runtime/simulated/simulated-runtime.ts'
import { Node } from '../kinds/node.ts'
import { createSimulatedNodeOs } from '../node-os/simulated-node-os.ts'
import { kubeletConfigurationOf } from './kubelet-configuration.ts'
import type { KubeletEvents } from './kubelet-events.ts'
import { NodeReporter } from './node-reporter.ts'

it('looks again at once when something has changed while it was looking', async () => {
  const clock = new FakeClock()
  await using test = await startTestServer({ clock })
  const runtime = new SimulatedRuntime({ clock })
  const machine = await createSimulatedNodeOs({ hostname: 'n1' }).machine()
  const stop = new AbortController()
  const reporter: NodeReporter = new NodeReporter({
    nodeName: 'n1',
    nodeIP: '192.0.2.9',
    secondNodeIP: 'fd00::9',
    client: test.client,
    runtime,
    runtimeName: 'simulated',
    machine,
    events: { node: () => {} } as unknown as KubeletEvents,
    clock,
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
