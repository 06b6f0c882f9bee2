// Five thousand nodes in one process, each with a kubelet of its own over a runtime that runs nothing: what they cost while
// they only say that they are there, and how long it takes until 10,000 pods run on them (KWOK's gate: 60 s).

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pod as WirePod } from 'kubernetes-types/core/v1'
import { systemClock } from '../server/base/clock.ts'
import { noLogger } from '../server/base/logger.ts'
import { createClient, httpsTransport, parseKubeconfig } from '../server/kube/client/index.ts'
import { type ClusterInfo, spawnClusterHost } from '../server/kube/cluster/index.ts'
import { Deployment } from '../server/kube/kinds/index.ts'
import { cpuSeconds } from './cpu-seconds.ts'
import { table } from './table.ts'
import { until } from './watch-list.ts'

/** `node bench/nodes.bench.ts 1000 2000`: fewer of both. */
const [NODES = 5000, PODS = 10_000] = process.argv.slice(2).map(Number)
const MINUTE_MS = 60_000

const stateDir = await mkdtemp(join(tmpdir(), 'podium-bench-'))
const host = await spawnClusterHost({ stateDir, clock: systemClock, logger: noLogger })
const rows: string[][] = []

/** What a stage takes, on the clock and of the process that holds all of the cluster. */
async function stage(what: string, pid: number, run: () => Promise<unknown>): Promise<void> {
  const [began, before] = [performance.now(), pid ? await cpuSeconds(pid) : 0]
  await run()
  const seconds = (performance.now() - began) / 1000
  rows.push([what, `${seconds.toFixed(1)} s`, `${((await cpuSeconds(info.pid)) - before).toFixed(1)} s`])
}

let info!: ClusterInfo
await stage(`${NODES} nodes ready`, 0, async () => {
  info = await host.createCluster({ name: 'bench', nodes: 0, simulatedNodes: NODES })
})
using transport = httpsTransport({ ...parseKubeconfig(info.kubeconfig), userAgent: 'podium-bench' })
const client = createClient(transport)
await stage('nodes only beat', info.pid, () => new Promise((later) => setTimeout(later, MINUTE_MS)))
await stage(`${PODS} pods of a Deployment running`, info.pid, async () => {
  await client.of(Deployment).create({
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas: PODS,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'nginx:1.26' }] } },
    },
  })
  const isRunning = ({ status }: WirePod) => status?.phase === 'Running'
  await until<WirePod>(client, '/api/v1/namespaces/default/pods', PODS, isRunning)
})
const memory = /VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${info.pid}/status`, 'utf8'))
process.stdout.write(`${table(['stage', 'time', 'processor'], rows)}\n`)
process.stdout.write(`memory for each node with its pods: ${(Number(memory?.[1]) / NODES).toFixed(0)} KiB\n`)
await host[Symbol.asyncDispose]()
await rm(stateDir, { recursive: true, force: true })
process.exit(0)
