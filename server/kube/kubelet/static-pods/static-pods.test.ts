// A kubelet with a folder of manifests and an address, against a real API server that lets it do what nodes may.

import type { Pod as PodObject } from 'kubernetes-types/core/v1'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { noLogger } from '../../../base/logger.ts'
import { startTestServer, type TestServer } from '../../apiserver/testing/test-server.ts'
import { type Client, createClient } from '../../client/client.ts'
import { SimulatedRuntime } from '../../container-runtime/simulated/simulated-runtime.ts'
import { Pod } from '../../kinds/pod.ts'
import { createSimulatedNodeOs } from '../../node-os/simulated-node-os.ts'
import { isCritical } from '../eviction/ranking.ts'
import { type Kubelet, startKubelet } from '../kubelet.ts'
import { kubeletConfigurationOf } from '../kubelet-configuration.ts'
import { podsOf } from './manifest.ts'

const FOLDER = '/etc/kubernetes/manifests'
const clock = new FakeClock()
let server: TestServer
let client: Client
let kubelet: Kubelet
const runtime = new SimulatedRuntime({ clock, podCidr: '10.244.7.0/24' })
const files = new Map<string, string>()
const page = { status: 500, body: '' }
let onChange: () => void = () => undefined

function manifest(name: string, image: string, secondsToEnd = 0, more: object = {}, meta: object = {}): string {
  const lifecycle = secondsToEnd > 0 ? { lifecycle: { preStop: { sleep: { seconds: secondsToEnd } } } } : {}
  const spec = { containers: [{ name, image, ...lifecycle }], ...more }
  return JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name, ...meta }, spec })
}

function put(name: string, text: string | undefined): void {
  if (text === undefined) files.delete(name)
  else files.set(name, text)
  onChange()
}

async function start(): Promise<Kubelet> {
  const asNode = { user: 'system:node:n1', groups: ['system:nodes'], client: 'kubelet/n1' }
  const os = {
    ...createSimulatedNodeOs({ hostname: 'n1' }),
    list: async (path: string) => (path === FOLDER ? [...files.keys()] : []),
    kindOf: async () => 'file' as const,
    readFile: async (path: string) => files.get(path.slice(FOLDER.length + 1)),
    watchDirectory: (_path: string, changed: () => void) => {
      onChange = changed
      return { [Symbol.dispose]: () => undefined }
    },
    httpGet: async () => page,
  }
  return startKubelet({
    nodeName: 'n1',
    nodeIP: '192.0.2.9',
    client: createClient(server.server.transportFor(asNode)),
    runtime,
    os,
    clock,
    logger: noLogger,
    random: () => 0,
    configuration: kubeletConfigurationOf(undefined, { staticPodURL: 'http://192.0.2.80/pods' }),
  })
}

async function until<T>(what: string, holds: () => Promise<T | undefined | false>): Promise<T> {
  const giveUpAt = performance.now() + 10_000
  for (;;) {
    const found = await holds().catch(() => undefined)
    if (found) return found
    if (performance.now() > giveUpAt) throw new Error(`never came: ${what}`)
    await clock.advance(1)
  }
}

const get = (name: string) => client.of(Pod).get({ namespace: 'default', name })
const gone = (name: string) =>
  get(name).then(
    () => false,
    () => true,
  )
const runningAs = (name: string, image: string) => async (): Promise<PodObject | false> => {
  const pod = await get(name)
  return pod.spec?.containers[0]?.image === image && pod.status?.phase === 'Running' ? pod : false
}
const containers = async () =>
  (await runtime.listContainers()).filter(({ state }) => state === 'running').map(({ image }) => image)

beforeAll(async () => {
  server = await startTestServer({ clock })
  client = server.client
  kubelet = await start()
})
afterAll(async () => {
  await kubelet[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

it('is critical, and mirrored, whatever revision its manifest was written down with', () => {
  const text = manifest('kept', 'web:1', 0, {}, { resourceVersion: '123' })
  const [pod] = podsOf(text, { source: 'file', from: 'a', nodeName: 'n1', now: 0 })
  expect([pod?.metadata?.resourceVersion, isCritical(pod!)]).toEqual([undefined, true])
})

it('runs what stands in the folder, and shows it in the API', async () => {
  put('web.yaml', manifest('web', 'web:1', 3))
  const mirror: PodObject = await until('a mirror that runs', runningAs('web-n1', 'web:1'))
  const { annotations = {}, ownerReferences } = mirror.metadata ?? {}
  expect(annotations['kubernetes.io/config.mirror']).toBe(annotations['kubernetes.io/config.hash'])
  expect(annotations).toMatchObject({ 'kubernetes.io/config.source': 'file' })
  expect(ownerReferences).toMatchObject([{ apiVersion: 'v1', kind: 'Node', name: 'n1', controller: true }])
  expect(mirror.spec?.tolerations).toContainEqual({ operator: 'Exists', effect: 'NoExecute' })
  expect(mirror.status?.podIP).toBe('10.244.7.2')
  expect(kubelet.pod('default', 'web-n1')?.metadata?.uid).toBe(annotations['kubernetes.io/config.hash'])
})

it('counts on when the same is taken out and put in again, until its containers would have been collected', async () => {
  const count = async () => (await get('again-n1')).status?.containerStatuses?.[0]?.restartCount
  const text = manifest('again', 'again:1')
  put('again.yaml', text)
  await until('it runs', runningAs('again-n1', 'again:1'))
  const takenOut = async () => {
    put('again.yaml', undefined)
    await until('it is gone', async () => (await gone('again-n1')) && !(await containers()).includes('again:1'))
  }
  await takenOut()
  put('again.yaml', text)
  await until('it runs again', runningAs('again-n1', 'again:1'))
  expect(await count()).toBe(1)
  await takenOut()
  await clock.advance(61_000)
  put('again.yaml', text)
  await until('it runs from the beginning', runningAs('again-n1', 'again:1'))
  expect(await count()).toBe(0)
  await takenOut()
})

it('reads manifests as Go does', () => {
  const spec = '{terminationGracePeriodSeconds: 010, containers: [{name: a, image: b}]}'
  const text = `apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: ${spec}`
  const [pod] = podsOf(text, { source: 'file', from: '/a', nodeName: 'n1', now: 0 })
  expect(pod?.spec?.terminationGracePeriodSeconds).toBe(8)
})

it('makes the mirror again when it is deleted, and does not touch what runs', async () => {
  const before = await get('web-n1')
  const [id] = (await runtime.listContainers()).map((one) => one.id)
  await client.of(Pod).delete({ namespace: 'default', name: 'web-n1' }, {})
  // Long enough for kubectl, which asks for the name again and again, to see that it went.
  await until('nobody has the name', () => gone('web-n1'))
  await clock.advance(900)
  expect(await gone('web-n1')).toBe(true)
  await clock.advance(101)
  await until('another mirror', async () => {
    const now = await get('web-n1')
    return now.metadata?.uid !== before.metadata?.uid && now.status?.phase === 'Running'
  })
  expect((await runtime.listContainers()).map((one) => one.id)).toEqual([id])
})

it('runs a changed manifest when what ran before has ended', async () => {
  put('web.yaml', manifest('web', 'web:2'))
  await clock.advance(2_900)
  expect(await containers()).toEqual(['web:1'])
  await until('the new one', runningAs('web-n1', 'web:2'))
  expect(await containers()).toEqual(['web:2'])
})

it.each([
  { why: 'is no YAML', text: 'kind: [' },
  { why: 'names a Secret', text: manifest('bad', 'a:1', 0, { imagePullSecrets: [{ name: 's' }] }) },
  { why: 'is not valid', text: manifest('bad', '') },
  { why: 'is of another kind', text: '{"apiVersion":"v1","kind":"Service","metadata":{"name":"bad"}}' },
])('passes over a file that $why', async ({ text }) => {
  put('bad.yaml', text)
  put('.hidden.yaml', manifest('hidden', 'hidden:1'))
  put('mark.yaml', manifest('mark', 'mark:1'))
  await until('the others', runningAs('mark-n1', 'mark:1'))
  expect((await containers()).sort()).toEqual(['mark:1', 'web:2'])
  for (const name of ['bad.yaml', '.hidden.yaml', 'mark.yaml']) put(name, undefined)
  await until('all is as before', () => gone('mark-n1'))
})

it('finds what runs again after a restart, and ends it when its file is gone', async () => {
  const before = (await runtime.listContainers()).map((one) => one.id)
  await kubelet[Symbol.asyncDispose]()
  kubelet = await start()
  await until('it is known again', async () => kubelet.pod('default', 'web-n1')?.status?.phase === 'Running')
  // Long enough to clean up what nobody knows, if all who know have been asked.
  await clock.advance(21_000)
  expect((await runtime.listContainers()).map((one) => one.id)).toEqual(before)
  put('web.yaml', undefined)
  await until('the mirror is gone', () => gone('web-n1'))
  expect(await containers()).toEqual([])
})

it('takes many from an address, and keeps them while it does not answer', async () => {
  const list = ['a', 'b'].map((name) => JSON.parse(manifest(name, `${name}:1`)) as object)
  Object.assign(page, { status: 200, body: JSON.stringify({ apiVersion: 'v1', kind: 'PodList', items: list }) })
  await clock.advance(21_000)
  await until('both', async () => (await runningAs('a-n1', 'a:1')()) && (await runningAs('b-n1', 'b:1')()))
  expect((await get('a-n1')).metadata?.annotations).toMatchObject({ 'kubernetes.io/config.source': 'http' })
  Object.assign(page, { status: 503, body: '' })
  await clock.advance(21_000)
  expect((await containers()).sort()).toEqual(['a:1', 'b:1'])
  Object.assign(page, { status: 200, body: manifest('b', 'b:1') })
  await clock.advance(21_000)
  await until('a is gone', () => gone('a-n1'))
  expect(await containers()).toEqual(['b:1'])
})
