// The whole kubelet over the simulated runtime, against a real API server and store; only the clock is fake.

import type { Pod as PodObject } from 'kubernetes-types/core/v1'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import type { RequestTrace, Trace } from '../../base/trace.ts'
import { revisionOf } from '../apimachinery/object-meta.ts'
import { startTestServer, type TestServer } from '../apiserver/testing/test-server.ts'
import { type Client, createClient } from '../client/client.ts'
import { SimulatedRuntime } from '../container-runtime/simulated/simulated-runtime.ts'
import { Event } from '../kinds/event.ts'
import { Lease } from '../kinds/lease.ts'
import { Node } from '../kinds/node.ts'
import { PersistentVolume } from '../kinds/persistent-volume.ts'
import { PersistentVolumeClaim } from '../kinds/persistent-volume-claim.ts'
import { Pod } from '../kinds/pod.ts'
import { ResourceClaim } from '../kinds/resource-claim.ts'
import { ServiceAccount } from '../kinds/service-account.ts'
import { createSimulatedNodeOs } from '../node-os/simulated-node-os.ts'
import { startHollowNode } from './hollow-node.ts'
import { type Kubelet, startKubelet } from './kubelet.ts'
import { type KubeletConfiguration, kubeletConfigurationOf } from './kubelet-configuration.ts'

let clock: FakeClock
let server: TestServer
let client: Client
let runtime: SimulatedRuntime
let kubelet: Kubelet
/** What was asked of the API server. */
let requests: RequestTrace[]
const web = { namespace: 'default', name: 'web' }

beforeEach(async () => {
  clock = new FakeClock()
  requests = []
  const trace: Trace = {
    emit(event) {
      if (event.type === 'request') requests.push(event)
    },
  }
  server = await startTestServer({ clock, trace })
  client = server.client
  // Admission waits for it, on a clock that nobody moves meanwhile.
  await client.of(ServiceAccount).create({ metadata: { namespace: 'default', name: 'default' } })
  runtime = new SimulatedRuntime({ clock, podCidr: '10.244.7.0/24' })
  kubelet = await start()
  await until('node ready', async () => condition(await client.of(Node).get({ name: 'n1' }), 'Ready') === 'True')
})
afterEach(async () => {
  await kubelet[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

function start(configuration?: KubeletConfiguration, nodeIP = '192.0.2.9'): Promise<Kubelet> {
  const transport = server.server.transportFor({ user: 'n1', groups: ['system:masters'], client: 'kubelet/n1' })
  const os = createSimulatedNodeOs({ hostname: 'n1' })
  const common = { clock, logger: noLogger, random: () => 0, ...(configuration ? { configuration } : {}) }
  return startKubelet({ nodeName: 'n1', nodeIP, client: createClient(transport), runtime, os, ...common })
}

/** Moves the clock a millisecond at a time, for work that is due now and only waits for disks and promises. */
async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const giveUpAt = performance.now() + 10_000
  // What is asked for may not exist yet.
  const now = async () => holds()
  while (!(await now().catch(() => false))) {
    if (performance.now() > giveUpAt) throw new Error(`never came: ${what}`)
    await clock.advance(1)
  }
}

const condition = (object: { status?: { conditions?: { type: string; status: string }[] } }, type: string) =>
  object.status?.conditions?.find((one) => one.type === type)?.status

async function create(spec: Partial<NonNullable<PodObject['spec']>>, annotations: Record<string, string> = {}) {
  const containers = [{ name: 'app', image: 'app:1' }]
  return client.of(Pod).create({
    metadata: { ...web, annotations },
    spec: { nodeName: 'n1', automountServiceAccountToken: false, containers, ...spec },
  } as PodObject)
}
const get = () => client.of(Pod).get(web)
const app = async () => (await get()).status?.containerStatuses?.find(({ name }) => name === 'app')
const phaseIs = (phase: string) => async () => (await get()).status?.phase === phase
const gone = async () => (await client.of(Pod).list({ namespace: 'default' })).items.length === 0
const events = async () => (await client.of(Event).list({ namespace: 'default' })).items
const running = async () => (await runtime.listContainers()).filter(({ state }) => state === 'running')

it('says because of what it writes a status: of a change that led to it, not of one that has led to nothing', async () => {
  const statuses = () =>
    requests.filter(({ client, subresource }) => client === 'kubelet/n1' && subresource === 'status')
  const written = () => statuses().filter(({ resource, revision }) => resource === 'pods' && revision !== undefined)
  const created = await create({}, { 'simulated.podium.dev/exit-after': '60s' })
  await until('running', phaseIs('Running'))
  const starting = written()
  expect(starting[0]?.because).toBe(revisionOf(created))
  const patch = { metadata: { labels: { tier: 'front' } } }
  const labelled = await client.of(Pod).patch(web, 'application/merge-patch+json', patch)
  await clock.advance(1000)
  expect(written()).toHaveLength(starting.length)
  await clock.advance(60_000)
  await until('restart', async () => (await app())?.restartCount === 1)
  const ended = written()[starting.length]
  expect(ended?.revision).toBeGreaterThan(revisionOf(labelled))
  expect(ended?.because).toBe(starting.at(-1)?.revision)
})

it('looks at a pod once before it starts it, and once after', async () => {
  const looks = vi.spyOn(runtime, 'listContainers')
  const { metadata } = await create({})
  await until('running', phaseIs('Running'))
  await clock.advance(100)
  expect(looks.mock.calls.filter(([uid]) => uid === metadata?.uid)).toHaveLength(2)
})

it('tells what the node and its pods use, as much as they are annotated to', async () => {
  await create({}, { 'simulated.podium.dev/cpu': '250m', 'simulated.podium.dev/app.memory': '64Mi' })
  await until('running', phaseIs('Running'))
  const { startedAt } = (await runtime.listContainers())[0]!
  const figure = async (line: string) => {
    const text = await kubelet.telemetry.resources()
    return text
      .split('\n')
      .find((one) => one.startsWith(`${line} `))
      ?.split(' ')
      .slice(1)
      .map(Number)
  }
  await clock.advance(startedAt + 4000 - clock.now())
  const labels = 'container="app",namespace="default",pod="web"'
  expect(await figure(`container_cpu_usage_seconds_total{${labels}}`)).toEqual([1, clock.now()])
  expect(await figure(`container_memory_working_set_bytes{${labels}}`)).toEqual([64 * 2 ** 20, clock.now()])
  expect(await figure(`container_start_time_seconds{${labels}}`)).toEqual([startedAt / 1000, clock.now()])
  expect(await figure('pod_cpu_usage_seconds_total{namespace="default",pod="web"}')).toEqual([1, clock.now()])
  expect(await figure('node_memory_working_set_bytes')).toEqual([64 * 2 ** 20, clock.now()])
})

it('registers its node with labels, addresses and capacity, and keeps its lease', async () => {
  const node = await client.of(Node).get({ name: 'n1' })
  expect(node.metadata?.labels).toMatchObject({ 'kubernetes.io/hostname': 'n1', 'kubernetes.io/os': 'linux' })
  expect(node.status?.addresses).toEqual([
    { type: 'InternalIP', address: '192.0.2.9' },
    { type: 'Hostname', address: 'n1' },
  ])
  expect(node.status?.allocatable).toMatchObject({ cpu: '4', pods: '110' })
  expect(node.status?.nodeInfo?.containerRuntimeVersion).toBe('simulated://1.0.0')
  const lease = () => client.of(Lease).get({ namespace: 'kube-node-lease', name: 'n1' })
  await until('lease', () =>
    lease().then(
      () => true,
      () => false,
    ),
  )
  const first = (await lease()).spec?.renewTime
  await clock.advance(11_000)
  await until('renewal', async () => (await lease()).spec?.renewTime !== first)
})

it('leaves a pod without a sandbox alone for ten seconds, however often something wakes it', async () => {
  const run = runtime.runPodSandbox.bind(runtime)
  const tries: number[] = []
  runtime.runPodSandbox = async (config) => {
    tries.push(clock.monotonic())
    if (tries.length < 3) throw new Error('no runtime for "odd" is configured')
    return run(config)
  }
  await create({})
  await until('the first try', () => tries.length === 1)
  for (const turn of ['1', '2', '3']) {
    await client.of(Pod).patch(web, 'application/merge-patch+json', { metadata: { labels: { turn } } })
    await until('it was heard', () => kubelet.pod('default', 'web')?.metadata?.labels?.turn === turn)
  }
  await clock.advance(5_000)
  expect(tries).toHaveLength(1)
  await until('a second and a third', () => clock.advance(100).then(phaseIs('Running')))
  expect(tries.slice(1).map((at, index) => Math.floor((at - tries[index]!) / 1000))).toEqual([10, 10])
  const told = async () => (await events()).find(({ reason }) => reason === 'FailedCreatePodSandBox')
  await until('both were told', async () => (await told())?.count === 2)
  expect((await told())?.message).toBe('Failed to create pod sandbox: no runtime for "odd" is configured')
})

it('tells why a container does not start, and not with which code the runtime behind its socket said so', async () => {
  runtime.startContainer = async () => {
    throw new Error('rpc error: code = Unknown desc = failed to create containerd task: no such file')
  }
  await create({})
  const why = 'failed to create containerd task: no such file'
  const waiting = async () => (await app())?.state?.waiting
  await until('it does not', async () => (await waiting())?.reason === 'RunContainerError')
  expect(await waiting()).toEqual({ reason: 'RunContainerError', message: why })
  const said = async (text: string) => (await events()).some(({ message }) => message === text)
  await until('said', () => said(`Error: ${why}`))
})

it('tells of a pod’s address while its containers take their time', async () => {
  const start = runtime.startContainer.bind(runtime)
  const held = Promise.withResolvers<void>()
  runtime.startContainer = async (id) => {
    await held.promise
    return start(id)
  }
  await create({})
  await until('its address', async () => (await get()).status?.podIP?.startsWith('10.244.7.') ?? false)
  expect((await app())?.state?.waiting?.reason).toBe('ContainerCreating')
  held.resolve()
  await until('running', phaseIs('Running'))
})

it('goes on telling of its pods when its node comes back with another address', async () => {
  await create({})
  await until('running', phaseIs('Running'))
  await kubelet[Symbol.asyncDispose]()
  kubelet = await start(undefined, '192.0.2.10')
  const hostIPs = async () => ((await get()).status as { hostIPs?: { ip: string }[] }).hostIPs
  await until('the new address', async () => (await get()).status?.hostIP === '192.0.2.10')
  expect(await hostIPs()).toEqual([{ ip: '192.0.2.10' }])
})

it('contradicts whoever declares it dead while it lives', async () => {
  const condition = {
    type: 'Ready',
    status: 'Unknown',
    reason: 'NodeStatusUnknown',
    message: 'Kubelet stopped posting node status.',
  }
  const patch = { status: { conditions: [condition] } }
  const options = { subresource: 'status' }
  await client.of(Node).patch({ name: 'n1' }, 'application/strategic-merge-patch+json', patch, options)
  const ready = async () =>
    (await client.of(Node).get({ name: 'n1' })).status?.conditions?.find(({ type }) => type === 'Ready')
  expect((await ready())?.status).toBe('Unknown')
  await clock.advance(11_000)
  await until('ready again', async () => (await ready())?.reason === 'KubeletReady')
})

it('is not ready until it has a range of pod addresses', async () => {
  const node = startHollowNode({ name: 'n2', client, clock })
  const ready = async () => condition(await client.of(Node).get({ name: 'n2' }), 'Ready')
  await until('registered', () =>
    ready().then(
      (is) => is === 'False',
      () => false,
    ),
  )
  await client.of(Node).patch({ name: 'n2' }, 'application/merge-patch+json', { spec: { podCIDR: '10.244.9.0/24' } })
  await until('ready', async () => (await ready()) === 'True')
  await node[Symbol.asyncDispose]()
})

it('brings a pod up in order: sandbox, init containers, then the rest', async () => {
  await create({
    initContainers: [
      { name: 'one', image: 'i:1' },
      { name: 'two', image: 'i:1' },
    ],
  })
  await until('running', phaseIs('Running'))
  const { status } = await get()
  expect(status?.podIP).toBe('10.244.7.2')
  expect(status?.hostIP).toBe('192.0.2.9')
  expect(status?.conditions?.map(({ type, status: is }) => `${type}=${is}`)).toEqual(
    expect.arrayContaining([
      'PodReadyToStartContainers=True',
      'Initialized=True',
      'Ready=True',
      'ContainersReady=True',
    ]),
  )
  expect(status?.initContainerStatuses?.every(({ state }) => state?.terminated?.exitCode === 0)).toBe(true)
  await until('events', async () => (await events()).filter(({ reason }) => reason === 'Started').length === 3)
  const order = (await events()).filter(({ reason }) => reason === 'Started').map((one) => one.involvedObject.fieldPath)
  expect(order).toEqual(['spec.initContainers{one}', 'spec.initContainers{two}', 'spec.containers{app}'])
  expect((await events()).find(({ reason }) => reason === 'Pulling')?.message).toBe('Pulling image "i:1"')
})

it('says of each condition of which state of the spec it is', async () => {
  await create({})
  await until('running', phaseIs('Running'))
  await client.of(Pod).patch(web, 'application/merge-patch+json', { spec: { activeDeadlineSeconds: 1000 } })
  type Seen = { observedGeneration?: number }
  const status = async () => (await get()).status as Seen & { conditions: Seen[] }
  await until('heard', async () => (await status()).observedGeneration === 2)
  expect((await status()).conditions.filter(({ observedGeneration }) => observedGeneration !== 2)).toEqual([])
})

it('tells of containers by name, and of init containers in their order', async () => {
  const named = (...names: string[]) => names.map((name) => ({ name, image: 'i:1' }))
  await create({ initContainers: named('second', 'first'), containers: named('web', 'app') })
  await until('running', phaseIs('Running'))
  const { status } = await get()
  expect(status?.containerStatuses?.map(({ name }) => name)).toEqual(['app', 'web'])
  expect(status?.initContainerStatuses?.map(({ name }) => name)).toEqual(['second', 'first'])
})

it('says no more why a pod was not ready once it is, and looks at it no more when it hears its own words', async () => {
  let looks = 0
  const list = runtime.listContainers.bind(runtime)
  runtime.listContainers = (podUid) => {
    if (podUid) looks++
    return list(podUid)
  }
  await create({})
  await until('pod ready', async () => condition(await get(), 'Ready') === 'True')
  const ready = (await get()).status?.conditions?.find(({ type }) => type === 'Ready')
  expect([ready?.reason, ready?.message]).toEqual([undefined, undefined])
  await until('own words heard', () => kubelet.pod('default', 'web')?.status?.phase === 'Running')
  await clock.advance(100)
  const before = looks
  // Somebody else's words are another matter.
  await client.of(Pod).patch(web, 'application/merge-patch+json', { metadata: { labels: { note: 'new' } } })
  await until('looked at', () => looks > before)
  await clock.advance(100)
  expect(looks - before, 'nothing was done that a second look would tell').toBe(1)
  // One before and one after it was started, and one for what the runtime told meanwhile; each word of its own would be one more.
  expect(before).toBeLessThan(5)
})

it('restarts a crashing container at once, then after 10 and 20 seconds', async () => {
  await create({})
  await until('running', phaseIs('Running'))
  const crash = async () => runtime.crash((await running())[0]!.id, 1)
  await crash()
  await until('first restart', async () => (await app())?.restartCount === 1)
  for (const [seconds, restarts] of [
    [10, 2],
    [20, 3],
  ] as const) {
    await crash()
    const crashedAt = clock.now()
    await until('back-off', async () => (await app())?.state?.waiting?.reason === 'CrashLoopBackOff')
    const message = (await app())?.state?.waiting?.message
    expect(message).toMatch(new RegExp(`^back-off ${seconds}s restarting failed container=app pod=web_default\\(`))
    expect((await app())?.lastState?.terminated?.exitCode).toBe(1)
    expect((await get()).status?.phase).toBe('Running')
    // Waiting above took as many milliseconds as the machine needed.
    await clock.advance(crashedAt + seconds * 1000 - 500 - clock.now())
    expect((await app())?.restartCount).toBe(restarts - 1)
    await clock.advance(600)
    await until('restart', async () => (await app())?.restartCount === restarts)
  }
})

it('restarts a container that is killed for its probe at once, once more, and then after 10 seconds', async () => {
  runtime.execSync = async () => ({ exitCode: 1, output: 'dead' })
  const livenessProbe = { exec: { command: ['alive'] }, periodSeconds: 1, failureThreshold: 1 }
  await create({ containers: [{ name: 'app', image: 'app:1', livenessProbe }] })
  await until('back-off', async () => (await app())?.state?.waiting?.reason === 'CrashLoopBackOff')
  expect((await app())?.restartCount).toBe(2)
  expect((await app())?.state?.waiting?.message).toMatch(/^back-off 10s restarting failed container=app /)
  await clock.advance(4000)
  expect((await app())?.restartCount).toBe(2)
  // Another image is another try.
  const containers = [{ name: 'app', image: 'app:2' }]
  await client.of(Pod).patch(web, 'application/strategic-merge-patch+json', { spec: { containers } })
  const changedAt = clock.now()
  await until('restart', async () => (await app())?.restartCount === 3)
  expect(clock.now() - changedAt).toBeLessThan(5000)
})

it.each([
  { name: 'Never, exit 0', restartPolicy: 'Never', exitCode: 0, phase: 'Succeeded' },
  { name: 'Never, exit 1', restartPolicy: 'Never', exitCode: 1, phase: 'Failed' },
  { name: 'OnFailure, exit 0', restartPolicy: 'OnFailure', exitCode: 0, phase: 'Succeeded' },
])('ends a pod whose containers are done: $name', async ({ restartPolicy, exitCode, phase }) => {
  const wish = { 'simulated.podium.dev/exit-after': '1s', 'simulated.podium.dev/exit-code': String(exitCode) }
  await create({ restartPolicy: restartPolicy as 'Never' }, wish)
  await until('running', phaseIs('Running'))
  await clock.advance(1000)
  await until(phase, phaseIs(phase))
  await until('sandbox stopped', async () =>
    (await runtime.listPodSandboxes()).every(({ state }) => state === 'notReady'),
  )
  expect((await app())?.state?.terminated?.exitCode).toBe(exitCode)
  expect((await app())?.restartCount).toBe(0)
})

it('says why an image cannot be had, and waits longer each time', async () => {
  await create({ containers: [{ name: 'app', image: 'does-not-exist:1' }] })
  await until('error', async () => (await app())?.state?.waiting?.reason === 'ErrImagePull')
  expect((await get()).status?.phase).toBe('Pending')
  await clock.advance(2500)
  await until('back-off', async () => (await app())?.state?.waiting?.reason === 'ImagePullBackOff')
  expect((await app())?.state?.waiting?.message).toMatch(/^Back-off pulling image "does-not-exist:1": ErrImagePull: /)
})

it('confirms a deletion only when everything has stopped, and leaves nothing', async () => {
  await create({})
  await until('running', phaseIs('Running'))
  await client.of(Pod).delete(web, {})
  await until('gone', gone)
  await until('nothing left', async () => (await runtime.listPodSandboxes()).length === 0)
  expect(await runtime.listContainers()).toEqual([])
  await until('told', async () => (await events()).some(({ message }) => message === 'Stopping container app'))
})

it('starts nothing of a pod that is deleted while it waits for its turn', async () => {
  const held = Promise.withResolvers<void>()
  const run = runtime.runPodSandbox.bind(runtime)
  const begun: string[] = []
  runtime.runPodSandbox = async (config) => {
    begun.push(config.name)
    await held.promise
    return run(config)
  }
  const spec = { nodeName: 'n1', automountServiceAccountToken: false, containers: [{ name: 'app', image: 'app:1' }] }
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'late']
  for (const name of names) await client.of(Pod).create({ metadata: { namespace: 'default', name }, spec })
  await until('twice as many begin as there are processors', () => begun.length === 8)
  await client.of(Pod).delete({ namespace: 'default', name: 'late' }, {})
  const left = async () => (await client.of(Pod).list({ namespace: 'default' })).items
  await until('the one that waits is gone', async () => (await left()).length === 9)
  held.resolve()
  await until('the others run', async () => (await left()).every(({ status }) => status?.phase === 'Running'))
  expect(begun.toSorted()).toEqual(names.filter((name) => name !== 'late').toSorted())
})

it('adopts what runs after a restart of the kubelet', async () => {
  await create({})
  await until('running', phaseIs('Running'))
  const before = await running()
  const status = (await get()).status
  await kubelet[Symbol.asyncDispose]()
  kubelet = await start()
  await kubelet.ready
  await clock.advance(120_000)
  expect(await running()).toEqual(before)
  expect((await get()).status).toEqual(status)
})

it('starts a container again that somebody took from under it, and says that it was lost', async () => {
  await create({})
  await until('running', phaseIs('Running'))
  const [lost] = await running()
  await runtime.removeContainer(lost!.id)
  await until('another', async () => (await app())?.state?.running !== undefined && (await app())?.restartCount === 1)
  const { exitCode, reason } = (await app())?.lastState?.terminated ?? {}
  expect({ exitCode, reason }).toEqual({ exitCode: 137, reason: 'ContainerStatusUnknown' })
})

it('starts pods again in new sandboxes after the machine lost power', async () => {
  await create({})
  await until('running', phaseIs('Running'))
  const [before] = await running()
  await kubelet[Symbol.asyncDispose]()
  runtime.reboot()
  kubelet = await start()
  await until('restarted', async () => (await app())?.restartCount === 1 && (await get()).status?.phase === 'Running')
  const [after] = await running()
  expect(after?.sandboxId).not.toBe(before?.sandboxId)
  expect((await running()).length).toBe(1)
  expect((await get()).status?.podIP).toBe('10.244.7.3')
})

it('removes pods that the API forgot while the kubelet was away', async () => {
  await create({})
  await until('running', phaseIs('Running'))
  await kubelet[Symbol.asyncDispose]()
  await client.of(Pod).delete(web, { gracePeriodSeconds: 0 })
  await until('gone', gone)
  kubelet = await start()
  await until('swept', async () => (await runtime.listPodSandboxes()).length === 0)
})

it('tells readiness by its probe and keeps others out until then', async () => {
  await create({
    containers: [{ name: 'app', image: 'app:1', readinessProbe: { httpGet: { port: 80 }, initialDelaySeconds: 5 } }],
  })
  await until('running', phaseIs('Running'))
  expect((await app())?.ready).toBe(false)
  expect(condition(await get(), 'Ready')).toBe('False')
  await clock.advance(5500)
  await until('ready', async () => (await app())?.ready === true)
})

it('lets what others say of a pod stand for ten seconds, so that its loop hears of it, and then says how it is', async () => {
  await create({})
  await until('running', phaseIs('Running'))
  const pod = await get()
  await client.of(Pod).updateStatus({ ...pod, status: { ...pod.status, phase: 'Failed' } })
  await clock.advance(9_900)
  expect((await get()).status?.phase).toBe('Failed')
  await clock.advance(200)
  await until('put right', phaseIs('Running'))
})

it('turns away what does not fit', async () => {
  await create({ containers: [{ name: 'app', image: 'app:1', resources: { requests: { cpu: '64' } } }] })
  await until('failed', phaseIs('Failed'))
  expect((await get()).status).toMatchObject({
    reason: 'OutOfcpu',
    message: "Pod was rejected: Node didn't have enough resource: cpu, requested: 64000, used: 0, capacity: 4000",
  })
})

it('ends a pod at its deadline', async () => {
  await create({ activeDeadlineSeconds: 30 })
  await until('running', phaseIs('Running'))
  await clock.advance(31_000)
  await until('failed', phaseIs('Failed'))
  expect((await get()).status?.reason).toBe('DeadlineExceeded')
  expect(await running()).toEqual([])
})

const resize = (cpu: string, name = 'web') =>
  client
    .of(Pod)
    .patch(
      { namespace: 'default', name },
      'application/strategic-merge-patch+json',
      { spec: { containers: [{ name: 'app', resources: { requests: { cpu } } }] } },
      { subresource: 'resize' },
    )
const asking = (cpu: string, more: object = {}) => ({
  containers: [{ name: 'app', image: 'app:1', resources: { requests: { cpu } }, ...more }],
})
const pending = async () => (await get()).status?.conditions?.find(({ type }) => type === 'PodResizePending')
const used = async () => {
  const { resources, allocatedResources } = ((await app()) ?? {}) as { resources?: object; allocatedResources?: object }
  return JSON.stringify({ resources, allocatedResources })
}
const toldOfResizes = async (name = 'web') =>
  (await client.of(Event).list({ namespace: 'default' })).items
    .filter(({ reason, involvedObject }) => reason?.startsWith('Resize') && involvedObject.name === name)
    .map(({ type, reason, message }) => `${type} ${reason} ${message}`)
    .sort()
const resizeOf = (cpu: string, generation: number, error = '') =>
  `{"containers":[{"name":"app","resources":{"requests":{"cpu":"${cpu}"}}}],"generation":${generation}${error && `,"error":"${error}"`}}`
const settled = (cpu: string) => async () =>
  (await used()) === JSON.stringify({ resources: { requests: { cpu } }, allocatedResources: { cpu } })

it('lets a container use more while it runs', async () => {
  await create(asking('1'))
  await until('running', settled('1'))
  const [before] = await running()
  await resize('2')
  await until('resized', settled('2'))
  const whole = { allocatedResources: { cpu: '2' }, resources: { requests: { cpu: '2' } } }
  await until('told as a whole', async () =>
    JSON.stringify((await get()).status).includes(JSON.stringify(whole).slice(1, -1)),
  )
  const [after] = await running()
  expect(after).toMatchObject({ id: before?.id, resources: { cpuShares: 2048 } })
  expect((await get()).status?.conditions?.map(({ type }) => type)).not.toContain('PodResizeInProgress')
  await until('told', async () => (await toldOfResizes()).length === 2)
  expect(await toldOfResizes()).toEqual([
    `Normal ResizeCompleted Pod resize completed: ${resizeOf('2', 2)}`,
    `Normal ResizeStarted Pod resize started: ${resizeOf('2', 2)}`,
  ])
})

it('takes no memory from a container that uses it', async () => {
  const limitedTo = (memory: string) => ({
    containers: [{ name: 'app', image: 'app:1', resources: { requests: { memory }, limits: { memory } } }],
  })
  const resizeTo = (memory: string) =>
    client
      .of(Pod)
      .patch(
        { namespace: 'default', name: 'web' },
        'application/strategic-merge-patch+json',
        { spec: limitedTo(memory) },
        { subresource: 'resize' },
      )
  const resizing = async () => (await get()).status?.conditions?.find(({ type }) => type === 'PodResizeInProgress')
  const limit = async () => (await running())[0]?.resources?.memoryLimitBytes
  // Simulated containers use 4 Mi.
  await create(limitedTo('8Mi'))
  await until('running', phaseIs('Running'))
  await resizeTo('5Mi')
  await until('resized', async () => (await limit()) === 5 * 2 ** 20)
  await resizeTo('3Mi')
  await until('refused', async () => (await resizing())?.reason === 'Error')
  expect((await resizing())?.message).toBe(
    'cannot decrease memory limits: attempting to set container "app" memory limit (3145728) below current usage (4194304)',
  )
  expect(await limit()).toBe(5 * 2 ** 20)
  expect((await app())?.resources).toEqual({ limits: { memory: '5Mi' }, requests: { memory: '3Mi' } })
  await resizeTo('6Mi')
  await until('resized', async () => (await limit()) === 6 * 2 ** 20)
  await until('done', async () => (await resizing()) === undefined)
})

it('starts a container anew that asks for it when it is resized', async () => {
  await create(asking('1', { resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }] }))
  await until('running', settled('1'))
  await resize('2')
  await until('resized', settled('2'))
  expect((await app())?.restartCount).toBe(1)
})

it('says why a pod does not get more, and gives it when it can', async () => {
  await create(asking('1'))
  await until('running', settled('1'))
  await client.of(Pod).create({
    metadata: { namespace: 'default', name: 'other' },
    spec: { nodeName: 'n1', automountServiceAccountToken: false, ...asking('2') },
  })
  await until('both run', async () => (await running()).length === 2)
  await resize('8')
  await until('refused', async () => (await pending())?.reason === 'Infeasible')
  expect((await pending())?.message).toBe("Node didn't have enough capacity: cpu, requested: 8000, capacity: 4000")
  await resize('3')
  await until('put off', async () => (await pending())?.reason === 'Deferred')
  expect((await pending())?.message).toBe(
    "Node didn't have enough resource: cpu, requested: 3000, used: 2000, capacity: 4000",
  )
  expect((await app())?.allocatedResources).toEqual({ cpu: '1' })
  await client.of(Pod).delete({ namespace: 'default', name: 'other' }, { gracePeriodSeconds: 0 })
  await until('granted', async () => {
    await clock.advance(1000)
    return settled('3')()
  })
  expect(await pending()).toBe(undefined)
  await until('told', async () => (await toldOfResizes()).length === 4)
  expect((await toldOfResizes()).slice(2)).toEqual([
    `Warning ResizeDeferred Pod resize Deferred: ${resizeOf('3', 3, "Node didn't have enough resource: cpu, requested: 3000, used: 2000, capacity: 4000")}`,
    `Warning ResizeInfeasible Pod resize Infeasible: ${resizeOf('8', 2, "Node didn't have enough capacity: cpu, requested: 8000, capacity: 4000")}`,
  ])
})

it('ends its pods before the machine goes, if it is told how long they have', async () => {
  await create({})
  await until('running', phaseIs('Running'))
  await kubelet.shutDown()
  expect(await running()).toHaveLength(1)
  await kubelet[Symbol.asyncDispose]()
  kubelet = await start(kubeletConfigurationOf('shutdownGracePeriod: 30s', { staticPodPath: '' }))
  await until('taken over', async () => kubelet.pod('default', 'web')?.status?.phase === 'Running')
  let isOver = false
  void kubelet.shutDown().then(() => {
    isOver = true
  })
  await until('the end', () => isOver)
  const { status } = await get()
  const message = 'Pod was terminated in response to imminent node shutdown.'
  expect(status).toMatchObject({ phase: 'Failed', reason: 'Terminated', message })
  expect(status?.conditions?.find(({ type }) => type === 'DisruptionTarget')).toMatchObject({
    status: 'True',
    reason: 'TerminationByKubelet',
    message,
  })
  expect(await running()).toEqual([])
  await until('not ready', async () => {
    const ready = (await client.of(Node).get({ name: 'n1' })).status?.conditions?.find(({ type }) => type === 'Ready')
    return ready?.status === 'False' && ready.message === 'node is shutting down'
  })
  await client.of(Pod).create({
    metadata: { namespace: 'default', name: 'late' },
    spec: { nodeName: 'n1', automountServiceAccountToken: false, containers: [{ name: 'app', image: 'app:1' }] },
  })
  await until('turned away', async () => {
    const late = await client.of(Pod).get({ namespace: 'default', name: 'late' })
    return late.status?.phase === 'Failed' && late.status.reason === 'NodeShutdown'
  })
})

it('begins anew with all containers, init containers first, when one ends as a rule says', async () => {
  const rule = { action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [42] } }
  await create({
    restartPolicy: 'Never',
    initContainers: [{ name: 'init', image: 'i:1' }],
    containers: [
      { name: 'app', image: 'app:1' },
      Object.assign({ name: 'trigger', image: 't:1', restartPolicy: 'Never' }, { restartPolicyRules: [rule] }),
    ],
  })
  await until('running', phaseIs('Running'))
  await until('both run', async () => (await running()).length === 2)
  const sandboxes = (await runtime.listPodSandboxes()).map(({ id }) => id)
  const before = (await running()).map(({ id }) => id)
  runtime.crash((await running()).find(({ name }) => name === 'trigger')!.id, 42)
  await until(
    'all run again',
    async () => (await running()).length === 2 && !(await running()).some(({ id }) => before.includes(id)),
  )
  await until(
    'it is told',
    async () => (await app())?.state?.running !== undefined && (await app())?.restartCount === 1,
  )
  const { status } = await get()
  expect(status?.phase).toBe('Running')
  expect(status?.initContainerStatuses?.[0]).toMatchObject({ restartCount: 1, state: { terminated: { exitCode: 0 } } })
  expect(condition({ status: status as never }, 'AllContainersRestarting')).toBe('False')
  const lastOf = (name: string) =>
    status?.containerStatuses?.find((one) => one.name === name)?.lastState?.terminated ?? {}
  expect(lastOf('app')).toMatchObject({ exitCode: 137, reason: 'RestartingAllContainers' })
  expect(lastOf('trigger')).toMatchObject({ exitCode: 137, reason: 'RestartingAllContainers' })
  expect((await runtime.listPodSandboxes()).map(({ id }) => id)).toEqual(sandboxes)
  // Another code is the end of it.
  for (const { id } of await running()) runtime.crash(id, 1)
  await until('failed', phaseIs('Failed'))
})

it('waits for a volume that others attach, and says so after two minutes', async () => {
  const csi = { driver: 'disks.io', volumeHandle: 'd1' }
  const claimRef = { namespace: 'default', name: 'data' }
  const accessModes = ['ReadWriteOnce']
  const claims = client.of(PersistentVolumeClaim)
  const claim = await claims.create({
    metadata: { ...claimRef, annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
    spec: { accessModes, resources: { requests: { storage: '1Gi' } }, volumeName: 'pv', storageClassName: '' },
  })
  await claims.updateStatus({ ...claim, status: { phase: 'Bound' } })
  await client.of(PersistentVolume).create({
    metadata: { name: 'pv' },
    spec: { capacity: { storage: '1Gi' }, accessModes, csi, claimRef: { ...claimRef, uid: claim.metadata?.uid ?? '' } },
  })
  await create({ volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] })
  const failed = async () => (await events()).filter(({ reason }) => reason === 'FailedMount')
  await until('it is waited for', async () => !!(await get()).status?.startTime)
  await clock.advance(100_000)
  expect(await failed()).toEqual([])
  await clock.advance(25_000)
  await until('two minutes are over', async () => (await failed()).length > 0)
  expect((await failed())[0]?.message).toBe(
    'Unable to attach or mount volumes: unmounted volumes=[v], unattached volumes=[v], failed to process volumes=[]: ' +
      'context deadline exceeded',
  )
})

it('says of each volume why it cannot be mounted', async () => {
  const missing = (name: string) => ({ name, configMap: { name: `${name}-map` } })
  await create({ volumes: [missing('a'), { name: 'scratch', emptyDir: {} }, missing('b')] })
  const told = async () =>
    (await events()).filter(({ reason }) => reason === 'FailedMount').map(({ message }) => message)
  await until('both are told', async () => (await told()).length > 1)
  expect((await told()).sort()).toEqual([
    'MountVolume.SetUp failed for volume "a" : configmap "a-map" not found',
    'MountVolume.SetUp failed for volume "b" : configmap "b-map" not found',
  ])
})

it('does not start a pod with devices, for no driver can set them up, and says so', async () => {
  const claims = client.of(ResourceClaim)
  const claim = await claims.create({
    metadata: { namespace: 'default', name: 'gpu' },
    spec: { devices: { requests: [{ name: 'x', exactly: { deviceClassName: 'c' } }] } },
  })
  const pod = await create({ resourceClaims: [{ name: 'gpu', resourceClaimName: 'gpu' }] } as object)
  const told = (words: string) => async () => (await events()).some(({ message }) => message?.endsWith(words))
  const user = { resource: 'pods', name: 'web', uid: pod.metadata?.uid ?? '' }
  await until(
    'it is not its own',
    told(`pod web(${user.uid}) is not allowed to use resource claim gpu(${claim.metadata?.uid})`),
  )
  const results = [{ request: 'x', driver: 'gpus.io', pool: 'n1', device: 'a' }]
  await claims.updateStatus({ ...claim, status: { allocation: { devices: { results } }, reservedFor: [user] } })
  const words = 'Failed to prepare dynamic resources: prepare dynamic resources: DRA driver gpus.io is not registered'
  // What failed is tried again, later each time.
  await clock.advance(30_000)
  await until('there is no driver', told(words))
  expect(await app()).toMatchObject({ state: { waiting: { reason: 'ContainerCreating' } } })
})

it('turns away what its labels do not fit, and asks for them anew before it does', async () => {
  const list = client.of(Node)
  await create({ nodeSelector: { disk: 'ssd' } })
  await until('turned away', phaseIs('Failed'))
  const { reason, message } = (await get()).status ?? {}
  const why = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"
  expect({ reason, message }).toEqual({ reason: 'NodeAffinity', message: `Pod was rejected: ${why}` })
  await until('said', async () => (await events()).some((one) => one.reason === 'NodeAffinity' && one.message === why))
  await client.of(Pod).delete(web)
  await until('gone', gone)
  // Both are heard of by watches of their own, in any order.
  await list.patch({ name: 'n1' }, 'application/merge-patch+json', { metadata: { labels: { disk: 'ssd' } } })
  await create({ nodeSelector: { disk: 'ssd' } })
  await until('running', phaseIs('Running'))
})

it('makes way for a critical pod: others end before it begins', async () => {
  await client.of(Pod).create({
    metadata: { namespace: 'default', name: 'ordinary' },
    spec: {
      nodeName: 'n1',
      automountServiceAccountToken: false,
      containers: [{ name: 'app', image: 'app:1', resources: { requests: { cpu: '3' } } }],
    },
  })
  const ordinary = () => client.of(Pod).get({ namespace: 'default', name: 'ordinary' })
  await until('it runs', async () => (await ordinary()).status?.phase === 'Running')
  const [ending, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const stop = runtime.stopContainer.bind(runtime)
  runtime.stopContainer = async (...told) => {
    ending.resolve()
    await held.promise
    return stop(...told)
  }
  const containers = [{ name: 'app', image: 'app:1', resources: { requests: { cpu: '2' } } }]
  await create({ containers, priorityClassName: 'system-node-critical' })
  await ending.promise
  const critical = await get()
  expect(await runtime.listPodSandboxes(critical.metadata?.uid)).toEqual([])
  expect(critical.status?.startTime).toBeUndefined()
  held.resolve()
  await until('the critical one runs', phaseIs('Running'))
  const { phase, reason, message, conditions } = (await ordinary()).status ?? {}
  const told = 'Preempted in order to admit critical pod'
  expect({ phase, reason, message }).toEqual({ phase: 'Failed', reason: 'Preempting', message: told })
  expect(conditions?.find(({ type }) => type === 'DisruptionTarget')).toMatchObject({ reason: 'TerminationByKubelet' })
  expect(await running()).toHaveLength(1)
})

it('begins no container before the postStart hook of the one before it has been run', async () => {
  const held = Promise.withResolvers<void>()
  const began = Promise.withResolvers<void>()
  runtime.execSync = async () => {
    began.resolve()
    await held.promise
    return { exitCode: 0, output: '' }
  }
  const first = { name: 'app', image: 'app:1', lifecycle: { postStart: { exec: { command: ['true'] } } } }
  await create({ containers: [first, { name: 'second', image: 'app:1' }] })
  await until('the hook runs', () => Promise.race([began.promise.then(() => true), clock.advance(1).then(() => false)]))
  await clock.advance(2_000)
  expect((await running()).map(({ name }) => name)).toEqual(['app'])
  held.resolve()
  await until('both run', async () => (await running()).length === 2)
})
