// Whole clusters: how long until Ready, how much memory while idle, how long until a Pod runs. The last column of each
// row sets it against something simple of the same run.

import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pod as WirePod } from 'kubernetes-types/core/v1'
import { systemClock } from '../server/base/clock.ts'
import { noLogger } from '../server/base/logger.ts'
import { stateDirectory } from '../server/cli/state-directory.ts'
import { type Client, createClient, eachOf, httpsTransport, parseKubeconfig } from '../server/kube/client/index.ts'
import { type ClusterInfo, LocalClusterHost, type MachineProvider } from '../server/kube/cluster/index.ts'
import { Pod } from '../server/kube/kinds/index.ts'
import { loadSchemas } from '../server/kube/schemas/load-schemas.ts'
import { type DataCentre, openDataCentre } from '../server/machines/index.ts'
import { expectEngine } from './expect-engine.ts'
import { percentile, table } from './table.ts'

const IDLE_CLUSTERS = 100
const PODS = 30
const RUNNING = 10
const MIB = 1024 * 1024

const openHost = (stateDir: string, machines: () => Promise<MachineProvider>) =>
  new LocalClusterHost({
    stateDir,
    machines,
    schemas: loadSchemas(),
    clock: systemClock,
    logger: noLogger,
    random: Math.random,
  })

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const began = performance.now()
  const result = await work()
  return { ms: performance.now() - began, result }
}

const emptyProcessMs = () => {
  const began = performance.now()
  spawnSync(process.execPath, ['-e', '0'])
  return performance.now() - began
}

const rss = () => {
  globalThis.gc?.()
  return process.memoryUsage().rss
}

async function simulated(): Promise<void> {
  const stateDir = await mkdtemp(join(tmpdir(), 'podium-bench-'))
  await using host = openHost(stateDir, async () => {
    throw new Error('no machines here')
  })
  const unit = percentile([emptyProcessMs(), emptyProcessMs(), emptyProcessMs()], 0.5)
  await host.createCluster({ name: 'warm-up', nodes: 0, simulatedNodes: 2 })
  const before = rss()
  const createMs: number[] = []
  for (let i = 1; i <= IDLE_CLUSTERS; i++) {
    const { ms } = await timed(() => host.createCluster({ name: `idle-${i}`, nodes: 0, simulatedNodes: 2 }))
    createMs.push(ms)
  }
  const perCluster = (rss() - before) / IDLE_CLUSTERS / MIB
  const began = process.cpuUsage()
  await new Promise((later) => setTimeout(later, 30_000))
  const { user, system } = process.cpuUsage(began)
  const idleCpu = ((user + system) / 1000 / 30_000) * 100
  const rows = [
    [
      'create → 2 nodes Ready, p50',
      `${percentile(createMs, 0.5).toFixed(0)} ms`,
      `${(percentile(createMs, 0.5) / unit).toFixed(1)} × an empty Node process`,
    ],
    [
      'create → 2 nodes Ready, p99',
      `${percentile(createMs, 0.99).toFixed(0)} ms`,
      `${(percentile(createMs, 0.99) / unit).toFixed(1)} ×`,
    ],
    [
      `memory per idle cluster (of ${IDLE_CLUSTERS})`,
      `${perCluster.toFixed(1)} MiB`,
      `${((perCluster * MIB) / before).toFixed(2)} × the process with one`,
    ],
    [
      `processor, ${IDLE_CLUSTERS} idle clusters`,
      `${idleCpu.toFixed(0)} % of one`,
      `${(idleCpu / IDLE_CLUSTERS).toFixed(2)} % each`,
    ],
  ]
  process.stdout.write(`Simulated nodes\n\n${table(['what', 'figure', 'against'], rows)}\n\n`)
  await host[Symbol.asyncDispose]()
  await rm(stateDir, { recursive: true, force: true })
}

async function real(): Promise<void> {
  await expectEngine()
  const machinesDir = stateDirectory(process.env, process.getuid?.())
  const centre = await openDataCentre({ stateDir: machinesDir })
  const stateDir = await mkdtemp(join(tmpdir(), 'podium-bench-'))
  await using host = openHost(stateDir, async () => centre)
  const { ms, result: info } = await timed(() => host.createCluster({ name: 'bench', nodes: 2, simulatedNodes: 0 }))
  const transport = httpsTransport({
    ...parseKubeconfig(info.kubeconfig),
    userAgent: 'podium-bench',
  })
  const client = createClient(transport)
  const starts: number[] = []
  for (let i = 1; i <= PODS; i++) starts.push(await startPod(client, `bench-${i}`))
  // Busy days behind it and pods on it: what an agent takes that has just begun says little.
  await Promise.all(Array.from({ length: RUNNING }, (_, i) => runPod(client, `stays-${i}`)))
  const memory = await machineMemory(centre, info)
  const containerMs = dockerRunMs(info)
  const rows = [
    ['create → 2 real nodes Ready', `${ms.toFixed(0)} ms`, ''],
    [
      `Pod created → Running, p50 of ${PODS}`,
      `${percentile(starts, 0.5).toFixed(0)} ms`,
      `${(percentile(starts, 0.5) / containerMs).toFixed(2)} × docker run in the same machine (${containerMs.toFixed(0)} ms)`,
    ],
    [
      'Pod created → Running, p99',
      `${percentile(starts, 0.99).toFixed(0)} ms`,
      `${(percentile(starts, 0.99) / containerMs).toFixed(2)} ×`,
    ],
    ...memory,
  ]
  process.stdout.write(`Real machines\n\n${table(['what', 'figure', 'against'], rows)}\n`)
  transport[Symbol.dispose]()
  await host.deleteCluster('bench')
  await rm(stateDir, { recursive: true, force: true })
}

/** Milliseconds from sending the Pod to hearing that it runs. */
async function startPod(client: Client, name: string): Promise<number> {
  const { ms } = await timed(() => runPod(client, name))
  await client.of(Pod).delete({ namespace: 'default', name }, { gracePeriodSeconds: 0 })
  return ms
}

async function runPod(client: Client, name: string): Promise<void> {
  const made = await client.of(Pod).create({
    metadata: { name, namespace: 'default' },
    spec: { containers: [{ name: 'main', image: 'nginx:1.26' }], terminationGracePeriodSeconds: 0 },
  })
  const events = await client.transport.watch({
    method: 'GET',
    path: '/api/v1/namespaces/default/pods',
    query: {
      watch: 'true',
      fieldSelector: `metadata.name=${name}`,
      resourceVersion: made.metadata?.resourceVersion ?? '',
    },
  })
  for await (const { object } of eachOf(events)) {
    if ((object as WirePod).status?.containerStatuses?.[0]?.state?.running) break
  }
}

const inMachine = (info: ClusterInfo, ...command: string[]) =>
  spawnSync('docker', ['exec', info.machines[0]!.id, '/usr/lib/podium/enter.sh', ...command], { encoding: 'utf8' })

/** What the engine alone takes for a container of the same image, started the plain way. */
function dockerRunMs(info: ClusterInfo): number {
  const times = Array.from({ length: 5 }, () => {
    const began = performance.now()
    inMachine(info, 'docker', 'run', '--rm', '--network', 'none', 'nginx:1.26', 'true')
    return performance.now() - began
  })
  return percentile(times, 0.5)
}

async function machineMemory(centre: DataCentre, info: ClusterInfo): Promise<string[][]> {
  const { stdout } = inMachine(info, 'pgrep', '-xf', '(/usr/bin/)?node .*node-agent.mjs .*')
  const status = inMachine(info, 'cat', `/proc/${stdout.trim()}/status`).stdout
  const kib = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? Number.NaN)
  const group = centre.cgroups.directories(['bench', info.machines[0]!.name])[0]!
  const stat = await readFile(join(group, 'memory.stat'), 'utf8').catch(() => '')
  const total = Number(/^(?:total_rss|anon) (\d+)/m.exec(stat)?.[1] ?? Number.NaN) / MIB
  return [
    [`memory of a machine (anonymous), ${RUNNING} Pods on two`, `${total.toFixed(0)} MiB`, ''],
    [
      `of it the node agent, ${PODS} Pods later`,
      `${(kib('RssAnon') / 1024).toFixed(1)} MiB`,
      `${((kib('RssAnon') / 1024 / total) * 100).toFixed(0)} % of the machine`,
    ],
  ]
}

await simulated()
if (process.getuid?.() === 0) await real()
process.exit(0)
