// From the click on a lab to a prompt with Ready nodes, on real machines: with a cluster waiting, for the one who comes
// right after, with none waiting, and ten learners at once who were prepared for. Memory per learner at the end.

import { mkdtemp, rm } from 'node:fs/promises'
import { freemem, tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../server/base/clock.ts'
import { noLogger } from '../server/base/logger.ts'
import { openDatabase } from '../server/classroom/database/open-database.ts'
import { type Classroom, containerShells, openClassroom } from '../server/classroom/index.ts'
import { stateDirectory } from '../server/cli/state-directory.ts'
import { LocalClusterHost } from '../server/kube/cluster/index.ts'
import { loadSchemas } from '../server/kube/schemas/load-schemas.ts'
import { type DataCentre, openDataCentre } from '../server/machines/index.ts'
import { percentile, table } from './table.ts'

const ROOT = join(import.meta.dirname, '..')
const LAB = 'pods'
const AT_ONCE = 10
const MIB = 1024 * 1024

interface Room extends AsyncDisposable {
  classroom: Classroom
  /** All learners are in it. */
  classId: string
  newLearner(): Promise<string>
}

/** A classroom of its own in a folder of its own, on the machines of this installation. */
async function openRoom(dataCentre: DataCentre, warm: number): Promise<Room> {
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

const dataCentre = await openDataCentre({ stateDir: stateDirectory(process.env, process.getuid?.()) })
const rows: string[][] = []
let warmMs = 0
{
  await using room = await openRoom(dataCentre, 1)
  await untilWarm(room, 1)
  const learners = [await room.newLearner(), await room.newLearner()]
  warmMs = await click(room, learners[0] ?? '')
  rows.push(['warm: a cluster waits', `${warmMs.toFixed(0)} ms`, '1'])
  const nextMs = await click(room, learners[1] ?? '')
  rows.push(['pool + 1: right after', `${nextMs.toFixed(0)} ms`, (nextMs / warmMs).toFixed(1)])
}
{
  await using room = await openRoom(dataCentre, 0)
  const emptyMs = await click(room, await room.newLearner())
  rows.push(['pool empty', `${emptyMs.toFixed(0)} ms`, (emptyMs / warmMs).toFixed(1)])
}
{
  await using room = await openRoom(dataCentre, 0)
  const learners = await Promise.all(Array.from({ length: AT_ONCE }, () => room.newLearner()))
  const before = freemem()
  await room.classroom.teaching.startAll(room.classId)
  await untilWarm(room, AT_ONCE)
  const perLearner = (before - freemem()) / AT_ONCE / MIB
  const times = await Promise.all(learners.map((learner) => click(room, learner)))
  for (const [name, share] of [
    ['p50', 0.5],
    ['p95', 0.95],
  ] as const) {
    const ms = percentile(times, share)
    rows.push([`${AT_ONCE} at once, prepared, ${name}`, `${ms.toFixed(0)} ms`, (ms / warmMs).toFixed(1)])
  }
  rows.push(['memory per learner (2 machines, terminal, control plane)', `${perLearner.toFixed(0)} MiB`, ''])
}
process.stdout.write(`Click → prompt\n\n${table(['what', 'figure', '× warm'], rows)}\n`)
process.exit(0)
