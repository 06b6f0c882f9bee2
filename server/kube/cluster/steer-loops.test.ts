// Loops of a real control plane held by its host, over the channel between the two processes.

import { EventEmitter } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import type { TraceEvent } from '../../base/trace.ts'
import { type Client, createClient, httpsTransport, parseKubeconfig } from '../client/index.ts'
import { Deployment, Pod } from '../kinds/index.ts'
import { loadSchemas } from '../schemas/load-schemas.ts'
import { serveHost } from './host-process.ts'
import type { FromHost, HostCall, HostResults } from './host-protocol.ts'
import { LocalClusterHost } from './local-host.ts'

const name = 'held'
const replicaSets = 'kube-controller-manager/replicaset-controller'
let stateDir: string
let host: LocalClusterHost
let client: Client
const channel = Object.assign(new EventEmitter(), { send: (message: unknown) => channel.emit('answer', message) })
const traces: TraceEvent[] = []

let calls = 0
function ask<C extends HostCall>(call: C): Promise<HostResults[C['method']]> {
  const id = ++calls
  return new Promise((resolve, reject) => {
    const listen = (message: FromHost) => {
      if (message.type === 'traces' || message.id !== id) return
      channel.off('answer', listen)
      if (message.type === 'answer') resolve(message.result as HostResults[C['method']])
      else reject(new Error(message.message))
    }
    channel.on('answer', listen)
    channel.emit('message', { id, call })
  })
}

beforeAll(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'podium-held-'))
  host = new LocalClusterHost({
    stateDir,
    machines: () => Promise.reject(new Error('no machines in a test')),
    schemas: loadSchemas(),
    clock: systemClock,
    logger: noLogger,
    random: Math.random,
  })
  void serveHost({ host, channel, logger: noLogger })
  const info = await ask({ method: 'createCluster', spec: { name, nodes: 0, simulatedNodes: 1 } })
  client = createClient(httpsTransport({ ...parseKubeconfig(info.kubeconfig), userAgent: 'kubectl/test' }))
  host.watchTraces(name, 0, ({ events }) => void traces.push(...events))
})

afterAll(async () => {
  await host[Symbol.asyncDispose]()
  rmSync(stateDir, { recursive: true })
})

const pods = async () => (await client.of(Pod).list({ namespace: 'default' })).items
const until = (what: string, holds: () => unknown) =>
  expect.poll(holds, { timeout: 15_000, message: what }).toBeTruthy()
const queueOf = (loop: string) => traces.findLast((event) => event.type === 'loop' && event.client === loop)

it('makes nothing come back while a loop is held, one turn for a step, and all when it is released', async () => {
  await client.of(Deployment).create({
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'web', image: 'nginx' }] },
      },
    },
  })
  await until('two Pods run', async () => {
    const all = await pods()
    return all.length === 2 && all.every(({ status }) => status?.phase === 'Running')
  })
  expect(await ask({ method: 'steerLoops', name, order: { action: 'hold', loops: [replicaSets] } })).toEqual([
    { client: replicaSets, held: true, steps: 0, everyMs: 0 },
  ])
  const [first] = await pods()
  await client.of(Pod).delete({ namespace: 'default', name: first?.metadata?.name ?? '' }, { gracePeriodSeconds: 0 })
  await until('the loop has heard of it', () => {
    const gone = traces.findLast((event) => event.type === 'append' && event.operation === 'delete')
    const seen = queueOf(replicaSets)
    const hasHeard = gone?.type === 'append' && seen?.type === 'loop' && seen.cacheRevision >= gone.revision
    return hasHeard && seen.queueLength === 1
  })
  expect(await pods()).toHaveLength(1)

  await ask({ method: 'steerLoops', name, order: { action: 'step', loops: [replicaSets] } })
  await until('one comes back', async () => (await pods()).length === 2)
  const gates = () => traces.filter((event) => event.type === 'gate').map(({ held, steps }) => [held, steps])
  await expect.poll(gates, { timeout: 15_000 }).toEqual([
    [true, 0],
    [true, 1],
    [true, 0],
  ])
  expect(await ask({ method: 'loopGates', name })).toMatchObject([{ held: true, steps: 0 }])
  expect(await ask({ method: 'steerLoops', name, order: { action: 'release', loops: 'all' } })).toEqual([])
})

it('holds the scheduler too', async () => {
  await ask({ method: 'steerLoops', name, order: { action: 'hold', loops: ['kube-scheduler'] } })
  await client
    .of(Pod)
    .create({ metadata: { name: 'alone', namespace: 'default' }, spec: { containers: [{ name: 'a', image: 'b' }] } })
  await until('it waits', () => {
    const seen = queueOf('kube-scheduler')
    return seen?.type === 'loop' && seen.queue.includes('default/alone')
  })
  expect((await client.of(Pod).get({ namespace: 'default', name: 'alone' })).spec?.nodeName).toBeFalsy()
  await ask({ method: 'steerLoops', name, order: { action: 'release', loops: ['kube-scheduler'] } })
  await until('it is bound', async () => {
    return (await client.of(Pod).get({ namespace: 'default', name: 'alone' })).spec?.nodeName
  })
})

it('tells whoever watches what is held after each order, and nobody who has looked away', async () => {
  const heard: string[][] = []
  const watching = host.watchGates(name, (gates) => heard.push(gates.map(({ client }) => client)))
  await ask({ method: 'steerLoops', name, order: { action: 'hold', loops: ['kube-scheduler'] } })
  await ask({ method: 'steerLoops', name, order: { action: 'release', loops: 'all' } })
  watching[Symbol.dispose]()
  await ask({ method: 'steerLoops', name, order: { action: 'release', loops: 'all' } })
  expect(heard).toEqual([['kube-scheduler'], []])
})

it('names the loops there are to whoever asks for another', async () => {
  const order = { action: 'hold', loops: ['kubelet/sim-1'] } as const
  await expect(ask({ method: 'steerLoops', name, order })).rejects.toThrow(
    /"kubelet\/sim-1" is not a loop of this control plane: .*replicaset-controller.*kube-scheduler/,
  )
})

it('tells what an object was', async () => {
  const query = { group: 'apps', resource: 'deployments', namespace: 'default', name: 'web', limit: 20 }
  const { versions, isWhole } = await ask({ method: 'objectVersions', name, query })
  expect(isWhole).toBe(true)
  expect(versions.at(-1)?.object).toMatchObject({ kind: 'Deployment', metadata: { name: 'web', generation: 1 } })
})
