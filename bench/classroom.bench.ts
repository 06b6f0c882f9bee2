// From the click on a lab to a prompt with Ready nodes, on real machines: with a cluster waiting, for the one who comes
// right after, with none waiting, and ten learners at once who were prepared for. At the end what a learner takes, before and
// with Pods: what seats are computed from (server/classroom/sandboxes/seats.ts).

import { mkdtemp, rm, statfs } from 'node:fs/promises'
import { cpus, freemem, tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../server/base/clock.ts'
import { noLogger } from '../server/base/logger.ts'
import { openDatabase } from '../server/classroom/database/open-database.ts'
import { type Classroom, containerShells, openClassroom } from '../server/classroom/index.ts'
import { stateDirectory } from '../server/cli/state-directory.ts'
import { createClient, httpsTransport, parseKubeconfig } from '../server/kube/client/index.ts'
import { type ClusterInfo, LocalClusterHost } from '../server/kube/cluster/index.ts'
import { Deployment, Service } from '../server/kube/kinds/index.ts'
import { loadSchemas } from '../server/kube/schemas/load-schemas.ts'
import { type DataCentre, openDataCentre } from '../server/machines/index.ts'
import { expectEngine } from './expect-engine.ts'
import { percentile, table } from './table.ts'

const ROOT = join(import.meta.dirname, '..')
const LAB = 'pods'
const AT_ONCE = 10
const MIB = 1024 * 1024
const PODS = 6
const IDLE_MS = 20_000

interface Room extends AsyncDisposable {
  classroom: Classroom
  /** All learners are in it. */
  classId: string
  newLearner(): Promise<string>
  dataCentre: DataCentre
}

/** A classroom of its own in a folder of its own, on the machines of this installation. */
async function openRoom(warm: number): Promise<Room> {
  await expectEngine()
  const dataCentre = await openDataCentre({ stateDir: stateDirectory(process.env, process.getuid?.()) })
  const stateDir = await mkdtemp(join(tmpdir(), 'podium-bench-'))
  const common = { clock: systemClock, logger: noLogger, random: Math.random }
  const host = new LocalClusterHost({ stateDir, machines: async () => dataCentre, schemas: loadSchemas(), ...common })
  const classroom = await openClassroom({
    root: ROOT,
    stateDir,
    host,
    machines: { kind: 'real', reason: '', remedy: '' },
    shellsFor: (info) => containerShells({ dataCentre, info, stateDir }),
    localName: undefined,
    warm,
    ...common,
  })
  const path = join(stateDir, 'classroom', 'podium.db')
  const database = openDatabase({ path, migrations: join(ROOT, 'prisma', 'migrations'), clock: systemClock })
  const classId = 'bench'
  await database.class.create({ data: { id: classId, name: classId }, select: { id: true } })
  let people = 0
  return {
    classroom,
    classId,
    dataCentre,
    async newLearner() {
      const id = `learner-${++people}`
      await database.person.create({
        data: { id, name: id, memberships: { create: { classId, role: 'learner' } } },
        select: { id: true },
      })
      return id
    },
    async [Symbol.asyncDispose]() {
      const clusters = (await host.listClusters()).map(({ name }) => name)
      await classroom[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
      for (const name of clusters) await host.deleteCluster(name)
      await host[Symbol.asyncDispose]()
      await rm(stateDir, { recursive: true, force: true })
    },
  }
}

/** Milliseconds until the lab is ready: nodes Ready, a prompt on the screen, the lab's objects in the cluster. */
async function click({ classroom }: Room, learner: string): Promise<number> {
  const began = performance.now()
  const session = await classroom.sessions.start(learner, LAB)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const look = () => {
    const { phase, message } = session.view()
    if (phase === 'ready') resolve()
    if (phase === 'failed') reject(new Error(message))
  }
  using _ = session.onChange(look)
  look()
  await promise
  return performance.now() - began
}

/** Until so many clusters wait for whoever comes. */
async function untilWarm({ classroom }: Room, count: number): Promise<void> {
  for (;;) {
    const ready = (await classroom.host.listClusters()).filter(({ state }) => state === 'ready').length
    if (ready >= count) return
    await new Promise((later) => setTimeout(later, 200))
  }
}

interface Taken {
  memoryMib: number
  diskMib: number
}

async function taken({ dataCentre }: Room): Promise<Taken> {
  const { blocks, bfree, bsize } = await statfs(join(dataCentre.stateDir, 'disks'))
  return { memoryMib: -freemem() / MIB, diskMib: ((blocks - bfree) * bsize) / MIB }
}

/** Processors that were busy while nobody did anything. */
async function busy(): Promise<number> {
  const times = () => cpus().reduce((sum, { times: { user, sys, nice, irq } }) => sum + user + sys + nice + irq, 0)
  const before = times()
  await new Promise((later) => setTimeout(later, IDLE_MS))
  return (times() - before) / IDLE_MS
}

/** As in the middle of a lab: a Deployment of six behind a Service. */
async function putPodsOn({ kubeconfig }: ClusterInfo): Promise<void> {
  using transport = httpsTransport({ ...parseKubeconfig(kubeconfig), userAgent: 'podium-bench' })
  const client = createClient(transport)
  const [metadata, labels] = [{ name: 'web', namespace: 'default' }, { app: 'web' }]
  const template = { metadata: { labels }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.26' }] } }
  await client.of(Service).create({ metadata, spec: { selector: labels, ports: [{ port: 80 }] } })
  await client
    .of(Deployment)
    .create({ metadata, spec: { replicas: PODS, selector: { matchLabels: labels }, template } })
  while ((await client.of(Deployment).get(metadata)).status?.readyReplicas !== PODS)
    await new Promise((later) => setTimeout(later, 200))
}

const rows: string[][] = []
let warmMs = 0
{
  await using room = await openRoom(1)
  await untilWarm(room, 1)
  const learners = [await room.newLearner(), await room.newLearner()]
  warmMs = await click(room, learners[0] ?? '')
  rows.push(['warm: a cluster waits', `${warmMs.toFixed(0)} ms`, '1'])
  const nextMs = await click(room, learners[1] ?? '')
  rows.push(['pool + 1: right after', `${nextMs.toFixed(0)} ms`, (nextMs / warmMs).toFixed(1)])
}
{
  await using room = await openRoom(0)
  const emptyMs = await click(room, await room.newLearner())
  rows.push(['pool empty', `${emptyMs.toFixed(0)} ms`, (emptyMs / warmMs).toFixed(1)])
}
{
  await using room = await openRoom(0)
  const learners = await Promise.all(Array.from({ length: AT_ONCE }, () => room.newLearner()))
  const [before, busyBefore] = [await taken(room), await busy()]
  await room.classroom.teaching.startAll(room.classId)
  await untilWarm(room, AT_ONCE)
  const prepared = await taken(room)
  const times = await Promise.all(learners.map((learner) => click(room, learner)))
  for (const [name, share] of [
    ['p50', 0.5],
    ['p95', 0.95],
  ] as const) {
    const ms = percentile(times, share)
    rows.push([`${AT_ONCE} at once, prepared, ${name}`, `${ms.toFixed(0)} ms`, (ms / warmMs).toFixed(1)])
  }
  await Promise.all((await room.classroom.host.listClusters()).map(putPodsOn))
  const idle = (await busy()) - busyBefore
  const working = await taken(room)
  for (const [name, now] of [
    ['learner (2 machines, terminal, control plane)', prepared],
    [`learner with ${PODS} Pods`, working],
  ] as const) {
    rows.push([`memory of a ${name}`, `${((now.memoryMib - before.memoryMib) / AT_ONCE).toFixed(0)} MiB`, ''])
    rows.push([`disk of a ${name}`, `${((now.diskMib - before.diskMib) / AT_ONCE).toFixed(0)} MiB`, ''])
  }
  rows.push([
    `processor of a learner with ${PODS} Pods who does nothing`,
    `${((idle / AT_ONCE) * 100).toFixed(1)} % of one`,
    '',
  ])
}
process.stdout.write(`Click → prompt\n\n${table(['what', 'figure', '× warm'], rows)}\n`)
process.exit(0)
