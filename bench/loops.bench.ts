// The loops of a control plane, seen from outside over HTTPS, with a store that waits for the disk: a Deployment of 500 pods
// on 100 simulated nodes, there and gone, with every request counted; how soon a loop answers a write; what loops do while
// nothing happens.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pod as WirePod } from 'kubernetes-types/core/v1'
import { systemClock } from '../server/base/clock.ts'
import { noLogger } from '../server/base/logger.ts'
import { type Client, createClient, eachOf, httpsTransport, parseKubeconfig } from '../server/kube/client/index.ts'
import { spawnClusterHost } from '../server/kube/cluster/index.ts'
import { Deployment } from '../server/kube/kinds/index.ts'
import { cpuSeconds } from './cpu-seconds.ts'
import { percentile, table } from './table.ts'
import { until, untilGone } from './watch-list.ts'

const NODES = 100
const REPLICAS = 500
const WRITES = 200
const IDLE_MS = 60_000
const CLUSTER = 'bench'
const PODS = '/api/v1/namespaces/default/pods'

const web = { name: 'web', namespace: 'default' }
const deployment = (name: string, replicas: number) => ({
  metadata: { name, namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'nginx:1.26' }] } },
  },
})

/** What the API server has counted under a name so far, by those labels. */
async function counted(client: Client, name: string, labels: readonly string[]): Promise<Map<string, number>> {
  const text = (await client.transport.request({ method: 'GET', path: '/metrics', query: {} })) as unknown as string
  const counts = new Map<string, number>()
  for (const [, told = '', count] of text.matchAll(new RegExp(`^${name}\\{(.*)\\} (.*)$`, 'gm'))) {
    const key = labels.map((label) => new RegExp(`\\b${label}="(.*?)"`).exec(told)?.[1] ?? '').join(' ')
    counts.set(key, (counts.get(key) ?? 0) + Number(count))
  }
  return counts
}

/** Requests so far, by what they ask; without watches and what nodes say of themselves. */
async function requests(client: Client): Promise<Map<string, number>> {
  const all = await counted(client, 'apiserver_request_total', ['verb', 'resource', 'subresource'])
  return new Map([...all].filter(([key]) => !/^(WATCH|CONNECT) |^\w+ (leases|nodes)? /.test(key)))
}

const since = (before: Map<string, number>, now: Map<string, number>) =>
  [...now].map(([key, count]) => [key, count - (before.get(key) ?? 0)] as const).filter(([, count]) => count > 0)

const sum = (counts: readonly (readonly [string, number])[]) => counts.reduce((all, [, count]) => all + count, 0)

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1000
}

async function thereAndGone(client: Client): Promise<string[][]> {
  const before = await requests(client)
  const scale = (replicas: number) =>
    client.of(Deployment).patch(web, 'application/merge-patch+json', { spec: { replicas } })
  await client.of(Deployment).create(deployment('web', 0))
  const began = performance.now()
  const stages = [
    ['created', () => true],
    ['bound', ({ spec }: WirePod) => !!spec?.nodeName],
    ['running', ({ status }: WirePod) => status?.phase === 'Running'],
  ] as const
  const times = stages.map(async ([name, isDone]) => {
    await until<WirePod>(client, PODS, REPLICAS, isDone)
    return [`${REPLICAS} pods on ${NODES} nodes: ${name}`, `${((performance.now() - began) / 1000).toFixed(1)} s`]
  })
  await scale(REPLICAS)
  const rows = await Promise.all(times)
  const up = since(before, await requests(client))
  const gone = await seconds(async () => {
    await scale(0)
    await untilGone(client, PODS)
  })
  const all = since(before, await requests(client))
  const each = all.filter(([, count]) => count >= REPLICAS / 100).sort(([, a], [, b]) => b - a)
  return [
    ...rows,
    ['gone again', `${gone.toFixed(1)} s`],
    ['requests for each pod, until it runs', (sum(up) / REPLICAS).toFixed(1)],
    ['requests for each pod, until it is gone', (sum(all) / REPLICAS).toFixed(1)],
    ...each.map(([what, count]) => [`of these ${what.trim()}`, (count / REPLICAS).toFixed(2)]),
  ]
}

/** From sending a Deployment until a watcher hears of the ReplicaSet that its loop has made. */
async function reactions(client: Client): Promise<string[][]> {
  const path = '/apis/apps/v1/namespaces/default/replicasets'
  const { metadata } = (await client.transport.request({ method: 'GET', path, query: {} })) as {
    metadata: { resourceVersion: string }
  }
  const query = { watch: 'true', resourceVersion: metadata.resourceVersion }
  const sent = new Map<string, number>()
  const times: number[] = []
  const watching = (async () => {
    for await (const { type, object } of eachOf(await client.transport.watch({ method: 'GET', path, query }))) {
      const owner = object.metadata?.ownerReferences?.[0]?.name ?? ''
      const at = sent.get(owner)
      if (type !== 'ADDED' || at === undefined) continue
      times.push(performance.now() - at)
      if (times.length === WRITES) return
    }
  })()
  for (let at = 0; at < WRITES; at++) {
    sent.set(`late-${at}`, performance.now())
    await client.of(Deployment).create(deployment(`late-${at}`, 0))
  }
  await watching
  return [0.5, 0.99].map((share) => [
    `from a write to what its loop writes, p${share * 100}`,
    `${percentile(times, share).toFixed(1)} ms`,
  ])
}

async function idle(client: Client, pid: number): Promise<string[][]> {
  const turns = () => counted(client, 'workqueue_work_duration_seconds_count', ['name'])
  const [before, cpuBefore] = [await turns(), await cpuSeconds(pid)]
  await new Promise((later) => setTimeout(later, IDLE_MS))
  const cpu = (await cpuSeconds(pid)) - cpuBefore
  const taken = since(before, await turns())
  return [
    [`turns of all loops in a minute, ${NODES} nodes beating`, `${sum(taken)}`],
    ...taken.map(([loop, count]) => [`of these ${loop}`, `${count}`]),
    ['processor in that minute', `${cpu.toFixed(1)} s`],
  ]
}

const stateDir = await mkdtemp(join(tmpdir(), 'podium-bench-'))
const host = await spawnClusterHost({ stateDir, clock: systemClock, logger: noLogger })
const info = await host.createCluster({ name: CLUSTER, nodes: 0, simulatedNodes: NODES })
using transport = httpsTransport({ ...parseKubeconfig(info.kubeconfig), userAgent: 'podium-bench' })
const client = createClient(transport)
const rows = [...(await thereAndGone(client)), ...(await reactions(client)), ...(await idle(client, info.pid))]
process.stdout.write(`${table(['what', 'figure'], rows)}\n`)
await host[Symbol.asyncDispose]()
await rm(stateDir, { recursive: true, force: true })
process.exit(0)
