// Five thousand nodes in one process, each with a kubelet of its own over a runtime that runs nothing: what they cost while
// they only say that they are there, and how long it takes until 10,000 pods run on them (KWOK's gate: 60 s).

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Node as WireNode, Pod as WirePod } from 'kubernetes-types/core/v1'
import { systemClock } from '../server/base/clock.ts'
import { noLogger } from '../server/base/logger.ts'
import { createClient, httpsTransport, parseKubeconfig } from '../server/kube/client/index.ts'
import { spawnClusterHost } from '../server/kube/cluster/index.ts'
import { Deployment } from '../server/kube/kinds/index.ts'
import { cpuSeconds } from './cpu-seconds.ts'
import { table } from './table.ts'
import { until } from './watch-list.ts'

const [NODES = 5000, PODS = 10_000] = process.argv.slice(2).map(Number)
const MINUTE_MS = 60_000

const since = (began: number) => `${((performance.now() - began) / 1000).toFixed(1)} s`

const stateDir = await mkdtemp(join(tmpdir(), 'podium-bench-'))
const host = await spawnClusterHost({ stateDir, clock: systemClock, logger: noLogger })
const rows: string[][] = []
let began = performance.now()
const info = await host.createCluster({ name: 'bench', nodes: 0, simulatedNodes: NODES })
using transport = httpsTransport({ ...parseKubeconfig(info.kubeconfig), userAgent: 'podium-bench' })
const client = createClient(transport)
await until<WireNode>(client, '/api/v1/nodes', NODES, ({ spec }) => !spec?.taints?.length)
rows.push([`${NODES} nodes ready`, since(began)])
const memory = /VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${info.pid}/status`, 'utf8'))
rows.push(['memory for each', `${(Number(memory?.[1]) / NODES).toFixed(0)} KiB`])
const before = await cpuSeconds(info.pid)
await new Promise((later) => setTimeout(later, MINUTE_MS))
rows.push(['processor in a minute in which nodes only beat', `${((await cpuSeconds(info.pid)) - before).toFixed(1)} s`])
began = performance.now()
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
rows.push([`${PODS} pods of a Deployment running`, since(began)])
process.stdout.write(`${table(['what', 'figure'], rows)}\n`)
await host[Symbol.asyncDispose]()
await rm(stateDir, { recursive: true, force: true })
process.exit(0)
