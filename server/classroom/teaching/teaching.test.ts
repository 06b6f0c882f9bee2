// What is done to the clusters of a whole class, where some of them do not run, or the class changes meanwhile.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { type Database, openDatabase } from '../database/open-database.ts'
import type { LabSession } from '../grading/lab-session.ts'
import { Teaching, type TeachingOptions } from './teaching.ts'

const migrations = join(import.meta.dirname, '..', '..', '..', 'prisma', 'migrations')
const classId = 'k'
const learners = ['ada', 'bob', 'cy']
let directory: string
let database: Database
let claimed: string[]
let onClaim: (id: string) => Promise<unknown>
/** Clusters that the host does not run now. */
let down: Set<string>
let held: Set<string>
/** Hear that a cluster's gates are others. */
let gates: Map<string, Parameters<TeachingOptions['host']['watchGates']>[1]>
/** Opens a lab. */
let open: (session: LabSession) => void
let saved: string[]
let teaching: Teaching

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'podium-teaching-'))
  database = openDatabase({ path: join(directory, 'podium.db'), migrations, clock: systemClock })
  const members = learners.map((id) => ({ role: 'learner', person: { create: { id, name: id } } }))
  await database.class.create({ data: { id: classId, name: 'Class', members: { create: members } } })
  await database.sandbox.createMany({
    data: learners.map((id) => ({ cluster: `lab-${id}`, kind: 'simulated', learnerId: id })),
  })
  claimed = []
  onClaim = async () => undefined
  down = new Set()
  held = new Set()
  gates = new Map()
  saved = []
  const expectUp = (cluster: string) => {
    if (down.has(cluster)) throw new Error(`the cluster "${cluster}" does not run`)
  }
  const host: TeachingOptions['host'] = {
    switchMachine: async (cluster) => expectUp(cluster),
    async steerLoops(cluster, { action }) {
      expectUp(cluster)
      if (action === 'hold') held.add(cluster)
      else held.delete(cluster)
      return []
    },
    loopGates: async () => [],
    watchGates(cluster, listener) {
      gates.set(cluster, listener)
      return { [Symbol.dispose]: () => gates.delete(cluster) }
    },
    async saveState(cluster, state) {
      saved.push(state)
      if (down.delete(cluster)) throw new Error('the disk is full')
    },
  }
  const pool = {
    isAsleep: () => false,
    async claim(id: string) {
      claimed.push(id)
      await onClaim(id)
      throw new Error('not in this test')
    },
  }
  const sessions = {
    onAlive(heard: typeof open) {
      open = heard
      return { [Symbol.dispose]: () => undefined }
    },
  } as unknown as TeachingOptions['sessions']
  teaching = new Teaching({ database, sessions, pool, host, homes: undefined, labs: [], clock: systemClock })
})
afterEach(async () => {
  await teaching[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true })
})

it('pauses and releases a class also while a cluster of it does not run', async () => {
  down.add('lab-bob')
  expect(await teaching.pause(classId, 'Brindle')).toEqual({ learners: 2 })
  expect(teaching.pauses.of('bob')).toMatchObject({ by: 'Brindle' })
  expect(await teaching.release(classId)).toEqual({ learners: 2 })
  expect(teaching.pauses.of('bob')).toBeUndefined()
})

it.each(['the class', 'one learner'])('keeps who is in another paused class paused when %s goes on', async (who) => {
  await database.class.create({
    data: { id: 'other', name: 'Other', members: { create: [{ role: 'learner', personId: 'bob' }] } },
  })
  await teaching.pause(classId, 'Brindle')
  await teaching.pause('other', 'Ash')
  await teaching.release('other', ...(who === 'one learner' ? ['bob'] : []))
  expect([teaching.pauses.of('bob'), held.has('lab-bob')]).toEqual([{ by: 'Brindle' }, true])
  await teaching.release(classId)
  expect([teaching.pauses.of('bob'), held.size]).toEqual([undefined, 0])
})

it('holds the loops of who is paused again when their control plane comes back without', async () => {
  let phase = 'ready'
  let changed: () => void = () => undefined
  open({
    learnerId: 'bob',
    cluster: 'lab-bob',
    lab: { id: 'pods', steps: [] },
    view: () => ({ phase, reached: 1, done: false, checks: {} }),
    onChange(listener: () => void) {
      changed = listener
      return { [Symbol.dispose]: () => undefined }
    },
  } as unknown as LabSession)
  await teaching.pause(classId, 'Brindle')
  held.delete('lab-bob')
  gates.get('lab-bob')?.([])
  expect(held).toContain('lab-bob')
  await teaching.release(classId)
  gates.get('lab-bob')?.([])
  expect(held).not.toContain('lab-bob')
  phase = 'asleep'
  changed()
  expect(gates.size, 'nobody listens to a cluster that sleeps').toBe(0)
})

it('switches the machines of those whose cluster runs, and says why where that is nobody', async () => {
  down.add('lab-bob')
  const order = { classId, machine: 'node-1', to: 'killed' as const }
  expect(await teaching.switchMachine(order)).toEqual({ learners: 2 })
  await expect(teaching.switchMachine({ ...order, learnerId: 'bob' })).rejects.toThrow('does not run')
})

const starting = async () => (await teaching.wall(classId)).tiles.filter(({ sandbox }) => sandbox === 'starting')

it('starts no cluster for who is removed before their turn', async () => {
  onClaim = (id) => database.membership.deleteMany({ where: { personId: { not: id } } })
  await teaching.startAll(classId)
  await vi.waitFor(async () => expect(await starting()).toEqual([]), { timeout: 20_000 })
  expect(claimed).toHaveLength(1)
})

it('starts none when the class is archived meanwhile', async () => {
  onClaim = () => database.class.update({ where: { id: classId }, data: { archivedAt: new Date(0) } })
  await teaching.startAll(classId)
  await vi.waitFor(async () => expect(await starting()).toEqual([]), { timeout: 20_000 })
  expect(claimed).toHaveLength(1)
})

const sessionIn = (phase: string) =>
  ({ lab: { id: 'pods' }, cluster: 'lab-ada', standing: {}, view: () => ({ phase }) }) as unknown as LabSession

it.each(['starting', 'resetting'])('takes no snapshot of a lab that is %s, and says when it can', async (phase) => {
  await expect(teaching.snapshots.take(sessionIn(phase), 'Brindle')).rejects.toThrow(
    'The cluster is being brought to a step of the lab. Take the snapshot when the lab is ready.',
  )
  expect(saved).toEqual([])
})

it('keeps two snapshots that are asked for at once in two places, and goes on after one that failed', async () => {
  const session = sessionIn('ready')
  down.add('lab-ada')
  const taken = ['Brindle', 'Brindle', 'Ash'].map((by) => teaching.snapshots.take(session, by))
  expect((await Promise.allSettled(taken)).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
  expect(saved).toEqual(['snapshot-1', 'snapshot-1', 'snapshot-2'])
  expect(await database.snapshot.count({ where: { cluster: 'lab-ada' } })).toBe(2)
})
