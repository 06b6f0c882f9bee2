// Scheduling, counted from outside: pods wait while the scheduler is held, it is let go, and a watcher over HTTPS in this
// process hears of each pod that has got a node. Store (with fsync), API server, loops and scheduler are one process.
// Each row is set against how fast the same pods were created. Upstream's own gate is 680 pods a second.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Node as WireNode, Pod as WirePod } from 'kubernetes-types/core/v1'
import { systemClock } from '../server/base/clock.ts'
import { noLogger } from '../server/base/logger.ts'
import { type Client, createClient, httpsTransport, parseKubeconfig } from '../server/kube/client/index.ts'
import { spawnClusterHost } from '../server/kube/cluster/index.ts'
import { Node, Pod } from '../server/kube/kinds/index.ts'
import { cpuSeconds } from './cpu-seconds.ts'
import { table } from './table.ts'
import { until } from './watch-list.ts'

const WRITERS = 64
const SCHEDULER = 'kube-scheduler'
const NODE_LIFECYCLE = 'kube-controller-manager/node-lifecycle-controller'
const CASES: { name: string; nodes: number; pods: number; spec: (at: number) => Partial<WirePod['spec']> }[] = [
  { name: '1,000 pods on 100 nodes', nodes: 100, pods: 1000, spec: () => ({}) },
  {
    name: '1,000 on 100, spread over ten zones',
    nodes: 100,
    pods: 1000,
    spec: () => ({
      topologySpreadConstraints: [
        {
          topologyKey: 'topology.kubernetes.io/zone',
          maxSkew: 1,
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: { matchLabels: { app: 'bench' } },
        },
      ],
    }),
  },
  {
    name: '100 on 100, far from each other',
    nodes: 100,
    pods: 100,
    spec: () => ({
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'bench' } } },
          ],
        },
      },
    }),
  },
  { name: '10,000 pods on 5,000 nodes', nodes: 5000, pods: 10_000, spec: () => ({}) },
]

async function inParallel(count: number, work: (at: number) => Promise<unknown>): Promise<number> {
  const began = performance.now()
  let next = 0
  const worker = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: WRITERS }, worker))
  return performance.now() - began
}

async function addNode(client: Client, at: number): Promise<void> {
  const name = `node-${at}`
  const labels = { 'kubernetes.io/hostname': name, 'topology.kubernetes.io/zone': `zone-${at % 10}` }
  await client.of(Node).create({ metadata: { name, labels } })
  const now = new Date().toISOString()
  const ready = {
    type: 'Ready',
    status: 'True',
    reason: 'KubeletReady',
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  }
  const room = { cpu: '16', memory: '64Gi', pods: '110' }
  const status = { conditions: [ready], capacity: room, allocatable: room }
  await client.of(Node).patch({ name }, 'application/merge-patch+json', { status }, { subresource: 'status' })
}

const rows: string[][] = []
for (const [index, { name, nodes, pods, spec }] of CASES.entries()) {
  const stateDir = await mkdtemp(join(tmpdir(), 'podium-bench-'))
  const host = await spawnClusterHost({ stateDir, clock: systemClock, logger: noLogger })
  const cluster = `bench-${index}`
  const info = await host.createCluster({ name: cluster, nodes: 0, simulatedNodes: 0 })
  using transport = httpsTransport({ ...parseKubeconfig(info.kubeconfig), userAgent: 'podium-bench' })
  const client = createClient(transport)
  await inParallel(nodes, (at) => addNode(client, at))
  await until<WireNode>(client, '/api/v1/nodes', nodes, (node) => !node.spec?.taints?.length)
  // Nobody plays these nodes: without this they would be found silent.
  await host.steerLoops(cluster, { loops: [SCHEDULER, NODE_LIFECYCLE], action: 'hold' })
  const createMs = await inParallel(pods, (at) =>
    client.of(Pod).create({
      metadata: { name: `pod-${at}`, namespace: 'default', labels: { app: 'bench' } },
      spec: {
        containers: [{ name: 'c', image: 'nginx:1.22', resources: { requests: { cpu: '100m', memory: '100Mi' } } }],
        ...spec(at),
      },
    }),
  )
  const began = performance.now()
  const before = await cpuSeconds(info.pid)
  await host.steerLoops(cluster, { loops: [SCHEDULER], action: 'release' })
  await until<WirePod>(client, '/api/v1/namespaces/default/pods', pods, (pod) => !!pod.spec?.nodeName)
  const seconds = (performance.now() - began) / 1000
  const cpu = (await cpuSeconds(info.pid)) - before
  rows.push([
    name,
    `${(pods / seconds).toFixed(0)}/s`,
    `${seconds.toFixed(1)} s`,
    `${((cpu / pods) * 1000).toFixed(2)} ms`,
    `${(createMs / 1000 / seconds).toFixed(2)} × the rate of creation`,
  ])
  process.stderr.write(`${rows.at(-1)?.join(', ')}\n`)
  await host[Symbol.asyncDispose]()
  await rm(stateDir, { recursive: true, force: true })
}
process.stdout.write(`${table(['what', 'bound', 'in all', 'processor for each', 'against'], rows)}\n`)
