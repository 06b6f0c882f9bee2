// A whole class: 30 learners with two machines and five small Pods each, on this machine. How long until all is Ready, what
// memory one of them takes, and what the processors do when nobody does anything. Alone, for it takes the whole machine; what
// others begin or end meanwhile counts as the learners'.
//
//   npm run bench -- learners              LEARNERS=10 npm run bench -- learners

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { cpus, freemem, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../server/base/clock.ts'
import { noLogger } from '../server/base/logger.ts'
import { stateDirectory } from '../server/cli/state-directory.ts'
import { createClient, httpsTransport, parseKubeconfig } from '../server/kube/client/index.ts'
import { type ClusterInfo, LocalClusterHost } from '../server/kube/cluster/index.ts'
import { Deployment } from '../server/kube/kinds/index.ts'
import { loadSchemas } from '../server/kube/schemas/load-schemas.ts'
import { openDataCentre } from '../server/machines/index.ts'
import { expectEngine } from './expect-engine.ts'
import { percentile, table } from './table.ts'

const LEARNERS = Number(process.env.LEARNERS ?? 30)
const MACHINES = 2
const PODS = 5
/** As many clusters are made at a time; more would only wait for the processors, and a machine that does not boot within a minute is given up. */
const AT_ONCE = 4
const REST_MS = 30_000
const MIB = 1024 ** 2

const after = (ms: number) => new Promise((later) => setTimeout(later, ms))
/** `freemem` is what is available, with what files could give back. */
const usedMib = () => (totalmem() - freemem()) / MIB
const ownMib = () => process.memoryUsage.rss() / MIB

/** Of all processors together, in processors. */
async function busy(ms: number): Promise<number> {
  const look = () => {
    const times = cpus().map((one) => one.times)
    return times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, 0)
  }
  const before = look()
  await after(ms)
  return (look() - before) / ms
}

async function startPods({ kubeconfig }: ClusterInfo): Promise<number> {
  using transport = httpsTransport({ ...parseKubeconfig(kubeconfig), userAgent: 'podium-bench' })
  const deployments = createClient(transport).of(Deployment)
  const began = performance.now()
  const [metadata, labels] = [{ name: 'web', namespace: 'default' }, { app: 'web' }]
  const template = { metadata: { labels }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.26' }] } }
  await deployments.create({ metadata, spec: { replicas: PODS, selector: { matchLabels: labels }, template } })
  while ((await deployments.get(metadata)).status?.readyReplicas !== PODS) await after(200)
  return performance.now() - began
}

async function ofAll<T, R>(all: readonly T[], atOnce: number, work: (one: T) => Promise<R>): Promise<R[]> {
  const left = [...all.entries()]
  const results: R[] = []
  const worker = async () => {
    for (let next = left.shift(); next; next = left.shift()) results[next[0]] = await work(next[1])
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return results
}

if (process.getuid?.() !== 0) throw new Error('real machines are made by root')
await expectEngine()
const centre = await openDataCentre({ stateDir: stateDirectory(process.env, process.getuid?.()) })
const stateDir = await mkdtemp(join(tmpdir(), 'podium-bench-'))
await using host = new LocalClusterHost({
  stateDir,
  machines: async () => centre,
  schemas: loadSchemas(),
  clock: systemClock,
  logger: noLogger,
  random: Math.random,
})

/** What a learner's machines have in their groups, but for files that could be read again. */
async function groupsMib(name: string): Promise<number> {
  // Version 1 of cgroups has a tree for each controller.
  const groups = centre.cgroups.directories([name])
  const group = groups.find((path) => path.includes('/memory/')) ?? groups[0] ?? ''
  const [version1, version2, stat] = await Promise.all(
    ['memory.usage_in_bytes', 'memory.current', 'memory.stat'].map((file) =>
      readFile(join(group, file), 'utf8').catch(() => ''),
    ),
  )
  const files = /^total_inactive_file (\d+)$/m.exec(stat ?? '') ?? /^inactive_file (\d+)$/m.exec(stat ?? '')
  return (Number(version1 || version2) - Number(files?.[1] ?? 0)) / MIB
}

const names = Array.from({ length: LEARNERS }, (_, at) => `learner-${at + 1}`)
const memory = [usedMib()]
const own = [ownMib()]
const restBefore = await busy(5_000)
const began = performance.now()
const readyMs: number[] = []
const eachMs: number[] = []
try {
  const clusters = await ofAll(names, AT_ONCE, async (name) => {
    // Of a run that was ended.
    await centre.deleteCluster(name)
    const asked = performance.now()
    const info = await host.createCluster({ name, nodes: MACHINES, simulatedNodes: 0 })
    readyMs.push(performance.now() - began)
    eachMs.push(performance.now() - asked)
    return info
  })
  await after(5_000)
  memory.push(usedMib())
  const podsMs = await Promise.all(clusters.map(startPods))
  await after(5_000)
  memory.push(usedMib())
  own.push(ownMib())
  const groups = await Promise.all(names.map(groupsMib))
  const rest = await busy(REST_MS)
  const [none = 0, ready = 0, full = 0] = memory
  const [ownBefore = 0, ownAfter = 0] = own
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
  const mib = (amount: number) => `${amount.toFixed(0)} MiB`
  const rows = [
    [`${LEARNERS} × ${MACHINES} machines, ${AT_ONCE} learners at a time, all Ready`, seconds(Math.max(...readyMs))],
    ['from asking to Ready, p50', seconds(percentile(eachMs, 0.5))],
    [`then ${PODS} Pods each, all at once, all Ready`, seconds(Math.max(...podsMs))],
    ['of one learner, p50', seconds(percentile(podsMs, 0.5))],
    ['memory of a learner, without Pods', mib((ready - none) / LEARNERS)],
    [`memory of a learner, with ${PODS}`, mib((full - none) / LEARNERS)],
    ['of it in the machines’ groups, p50', mib(percentile(groups, 0.5))],
    ['of it in the process with the control planes', mib((ownAfter - ownBefore) / LEARNERS)],
    ['processors busy, before', restBefore.toFixed(2)],
    ['processors busy at rest, all Pods running', rest.toFixed(2)],
  ]
  process.stdout.write(`${table(['what', 'figure'], rows)}\n`)
} finally {
  for (const name of names) await host.deleteCluster(name).catch(() => undefined)
  await rm(stateDir, { recursive: true, force: true })
}
process.exit(0)
