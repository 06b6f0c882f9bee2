// The loop of one machine over a real API server, as who it is there; what it hands to the kernel is kept.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Clock, FakeClock, systemClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { startTestServer, type TestServer } from '../apiserver/testing/test-server.ts'
import { createClient } from '../client/client.ts'
import { bindNetworkPolicy, NETWORK_POLICY_USER } from '../cluster/network-policy-role.ts'
import type { NetworkedSandbox, PodNetwork } from '../container-runtime/pod-network.ts'
import { NetworkPolicy, Pod, ServiceAccount } from '../kinds/index.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import { createSimulatedNodeOs } from '../node-os/simulated-node-os.ts'
import { type NetworkPolicies, runNetworkPolicies } from './index.ts'
import { TABLE } from './nft-text.ts'

let test: TestServer
let policies: NetworkPolicies
let network: PodNetwork
let start: (clock: Clock, on?: NodeOs) => NetworkPolicies
const watched: string[] = []
const scripts: string[] = []
let problem = ''
const os = {
  ...createSimulatedNodeOs({ hostname: 'n1' }),
  run: async (_command: string, _args: string[], { input = '' }: { input?: string } = {}) => {
    if (problem === '') scripts.push(input)
    return { exitCode: problem === '' ? 0 : 1, stdout: '', stderr: problem }
  },
}
const podNetwork: PodNetwork = {
  status: async () => ({ ready: true, message: '' }),
  updatePodCidr: async () => undefined,
  setUp: async ({ id }) => ({ ips: addressesOf(id) }),
  tearDown: async () => undefined,
  addresses: async (id) => addressesOf(id),
}
const addressesOf = (id: string) => [`10.244.0.${id}`]

beforeAll(async () => {
  test = await startTestServer()
  await bindNetworkPolicy(test.client)
  await test.client.of(ServiceAccount).create({ metadata: { namespace: 'default', name: 'default' } })
  const own = test.server.transportFor({ user: NETWORK_POLICY_USER, groups: ['system:authenticated'], client: 'test' })
  const client = createClient({
    ...own,
    watch: (request) => {
      watched.push(request.path)
      return own.watch(request)
    },
  })
  start = (clock, on = os) => {
    const told = { client, os: on, clock, logger: noLogger }
    return runNetworkPolicies({ nodeName: 'n1', dnsAddress: '10.160.0.1', ...told })
  }
  policies = start(systemClock)
  network = policies.isolating(podNetwork)
})
afterAll(async () => {
  await policies[Symbol.asyncDispose]()
  await test[Symbol.asyncDispose]()
})

const sandbox = (id: string, name: string): NetworkedSandbox => ({
  id,
  namespace: 'default',
  name,
  uid: name,
  netnsPath: '',
  portMappings: [],
})
const makePod = (name: string) =>
  test.client.of(Pod).create({
    metadata: { namespace: 'default', name, labels: { app: 'web' } },
    spec: { nodeName: 'n1', containers: [{ name: 'a', image: 'a:1' }] },
  })

it('looks at no pods, and holds none up, while there is no policy', async () => {
  expect(await network.setUp(sandbox('2', 'early'))).toEqual({ ips: ['10.244.0.2'] })
  await expect.poll(() => scripts).toEqual([`add table ${TABLE}\ndelete table ${TABLE}\n`])
  expect(watched.map((path) => path.split('/').at(-1))).toEqual(['networkpolicies'])
})

it('isolates a pod before anything runs there, by the address that was just given', async () => {
  await test.client.of(NetworkPolicy).create({
    metadata: { namespace: 'default', name: 'nothing' },
    spec: { podSelector: {}, policyTypes: ['Ingress'] },
  })
  await expect.poll(() => watched.length, { timeout: 60_000 }).toBe(3)
  await makePod('web')
  await network.setUp(sandbox('3', 'web'))
  expect(scripts.at(-1)).toContain(`add element ${TABLE} pods-to { 10.244.0.3 : goto to/default/web }`)
})

it('lets no pod loose that it does not know yet', async () => {
  let isLoose = false
  const setUp = network.setUp(sandbox('4', 'late')).then(() => {
    isLoose = true
  })
  await makePod('other')
  await network.setUp(sandbox('5', 'other'))
  expect(isLoose).toBe(false)
  await makePod('late')
  await setUp
  expect(scripts.at(-1)).toContain('10.244.0.4 : goto to/default/late')
})

it('starts no pod whose isolation the kernel refused, and writes all of it the next time', async () => {
  await makePod('last')
  problem = 'Error: Device or resource busy'
  await expect(network.setUp(sandbox('6', 'last'))).rejects.toThrow('nft: Error: Device or resource busy')
  problem = ''
  await network.setUp(sandbox('6', 'last'))
  const whole = scripts.findLast((script) => script.startsWith(`add table ${TABLE}\ndelete table ${TABLE}\n`))
  for (const nth of [3, 4, 5, 6]) expect(whole).toContain(`10.244.0.${nth} : goto`)
})

it('writes again by itself what the kernel refused while a pod waited for it', async () => {
  const clock = new FakeClock()
  await using alone = start(clock)
  const own = alone.isolating(podNetwork)
  await own.setUp(sandbox('6', 'last'))
  await clock.advance(1_000)
  problem = 'Error: Device or resource busy'
  await expect(own.setUp(sandbox('8', 'last'))).rejects.toThrow('busy')
  problem = ''
  const before = scripts.length
  await clock.advance(2_000)
  await expect.poll(() => scripts.slice(before).join('')).toContain('10.244.0.8 : goto')
})

it('writes once for all pods that wait while something is being written', async () => {
  const clock = new FakeClock()
  const held = Promise.withResolvers<void>()
  let runs = 0
  const slow = {
    ...os,
    run: async () => {
      runs++
      await held.promise
      return { exitCode: 0, stdout: '', stderr: '' }
    },
  }
  await using alone = start(clock, slow)
  const own = alone.isolating(podNetwork)
  const first = own.setUp(sandbox('3', 'web'))
  await expect.poll(() => runs).toBe(1)
  const others = ['other', 'late', 'last'].map((name, nth) => own.setUp(sandbox(`${4 + nth}`, name)))
  held.resolve()
  await Promise.all([first, ...others])
  expect(runs).toBe(2)
})

it('forgets an address with its sandbox, and all of them with the last policy', async () => {
  await network.tearDown(sandbox('6', 'last'))
  await makePod('after')
  await network.setUp(sandbox('7', 'after'))
  await expect.poll(() => scripts.join('')).toContain(`delete element ${TABLE} pods-to { 10.244.0.6 }`)
  await test.client.of(NetworkPolicy).delete({ namespace: 'default', name: 'nothing' })
  await expect.poll(() => scripts.at(-1), { timeout: 60_000 }).toBe(`add table ${TABLE}\ndelete table ${TABLE}\n`)
})
