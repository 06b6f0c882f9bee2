// A whole class: 30 learners with two machines and five small Pods each, on this machine. How long until all is Ready, what
// memory one of them takes, and what the processors do when nobody does anything.
//
//   npm run bench -- learners              LEARNERS=10 npm run bench -- learners

import { mkdtemp, rm } from 'node:fs/promises'
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
import { percentile, table } from './table.ts'

const LEARNERS = Number(process.env.LEARNERS ?? 30)
const MACHINES = 2
const PODS = 5
const REST_MS = 30_000
const MIB = 1024 ** 2

const after = (ms: number) => new Promise((later) => setTimeout(later, ms))
/** `freemem` is what is available, with what files could give back. */
const usedMib = () => (totalmem() - freemem()) / MIB

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

if (process.getuid?.() !== 0) throw new Error('real machines are made by root')
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
const names = Array.from({ length: LEARNERS }, (_, at) => `learner-${at + 1}`)
const memory = [usedMib()]
const restBefore = await busy(5_000)
const began = performance.now()
const readyMs: number[] = []
try {
  const clusters = await Promise.all(
    names.map(async (name) => {
      const info = await host.createCluster({ name, nodes: MACHINES, simulatedNodes: 0 })
      readyMs.push(performance.now() - began)
      return info
    }),
  )
  await after(5_000)
  memory.push(usedMib())
  const podsMs = await Promise.all(clusters.map(startPods))
  await after(5_000)
  memory.push(usedMib())
  const rest = await busy(REST_MS)
  const [none = 0, ready = 0, full = 0] = memory
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
  const rows = [
    [`${LEARNERS} × ${MACHINES} machines asked for at once, all Ready`, seconds(Math.max(...readyMs))],
    ['the first of them', seconds(Math.min(...readyMs))],
    [`then ${PODS} Pods each at once, all Ready`, seconds(Math.max(...podsMs))],
    ['of one learner, p50', seconds(percentile(podsMs, 0.5))],
    ['memory of a learner, without Pods', `${((ready - none) / LEARNERS).toFixed(0)} MiB`],
    [`memory of a learner, with ${PODS}`, `${((full - none) / LEARNERS).toFixed(0)} MiB`],
    ['processors busy, before', restBefore.toFixed(2)],
    ['processors busy at rest, all Pods running', rest.toFixed(2)],
  ]
  process.stdout.write(`${table(['what', 'figure'], rows)}\n`)
} finally {
  for (const name of names) await host.deleteCluster(name).catch(() => undefined)
  await rm(stateDir, { recursive: true, force: true })
}
process.exit(0)
