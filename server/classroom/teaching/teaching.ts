// Teaching put together: what is known of every learner, what is said to them, and what is done to their clusters.

import { freemem, totalmem } from 'node:os'
import type { Clock } from '../../base/clock.ts'
import type { ClusterHost } from '../../kube/cluster/index.ts'
import { ClassroomError } from '../classroom-error.ts'
import type { Database } from '../database/open-database.ts'
import type { LabSession } from '../grading/lab-session.ts'
import type { Sessions } from '../grading/sessions.ts'
import type { Lab } from '../labs/lab.ts'
import type { SandboxPool } from '../sandboxes/sandbox-pool.ts'
import type { KeptHomes } from '../terminals/shell.ts'
import { Attendance } from './attendance.ts'
import { Following } from './following.ts'
import { gradeBookOf } from './grade-book.ts'
import { HandStore } from './hand-store.ts'
import { Hands } from './hands.ts'
import { Keyboards } from './keyboards.ts'
import { Notes } from './notes.ts'
import { Pauses } from './pauses.ts'
import { Projectors } from './projectors.ts'
import { Snapshots } from './snapshots.ts'
import { clusterOf, type LearnerNow, wallOf } from './wall.ts'
import type { GradeBook, NewsView, WallView } from './wall-view.ts'

export interface TeachingOptions {
  database: Database
  sessions: Sessions
  pool: Pick<SandboxPool, 'claim' | 'isAsleep'>
  host: Pick<ClusterHost, 'switchMachine' | 'steerLoops' | 'loopGates' | 'watchGates' | 'saveState'>
  homes: KeptHomes | undefined
  labs: readonly Lab[]
  clock: Clock
}

export class Teaching implements AsyncDisposable {
  readonly attendance: Attendance
  readonly hands: Hands
  readonly keyboards: Keyboards
  readonly notes: Notes
  readonly pauses: Pauses
  readonly projectors: Projectors
  readonly snapshots: Snapshots
  readonly #handStore: HandStore
  readonly #following: Following
  readonly #options: TeachingOptions
  readonly #listeners = new Set<() => void>()
  /** Learners whose cluster is being started ahead of class. */
  readonly #starting = new Set<string>()

  constructor(options: TeachingOptions) {
    this.#options = options
    const shared = { now: () => options.clock.now(), onChange: () => this.#tell() }
    this.attendance = new Attendance(shared)
    this.#handStore = new HandStore(options.database)
    this.hands = new Hands({ ...shared, keep: (id, hand) => this.#handStore.keep(id, hand) })
    this.keyboards = new Keyboards(shared)
    this.pauses = new Pauses(shared)
    this.projectors = new Projectors(shared)
    this.notes = new Notes({ ...shared, database: options.database })
    this.snapshots = new Snapshots({ ...options, ...shared })
    this.#following = new Following({
      ...shared,
      sessions: options.sessions,
      onCluster: (learnerId, cluster) => {
        const hold = () => void this.#holdIfPaused(learnerId, cluster)
        hold()
        // A control plane that comes back, after its host was lost, holds nothing.
        return options.host.watchGates(cluster, (gates) => gates.length === 0 && hold())
      },
    })
  }

  /** Takes up what a former process knew. */
  async start(): Promise<void> {
    this.hands.restore(await this.#handStore.all())
  }

  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  async wall(classId: string): Promise<WallView> {
    const { database, labs, clock } = this.#options
    const found = await database.class.findUniqueOrThrow({
      where: { id: classId },
      select: {
        id: true,
        name: true,
        openLabId: true,
        archivedAt: true,
        joinCode: { select: { code: true, seatsLeft: true, expiresAt: true } },
        members: { where: { role: 'learner' }, select: { person: { select: { id: true, name: true } } } },
      },
    })
    const note = await this.notes.announcementOf(classId)
    const learners = await Promise.all(found.members.map(({ person }) => this.#now(person)))
    const now = clock.now()
    const { code = null, seatsLeft = null, expiresAt = null } = found.joinCode ?? {}
    const isOpen = found.archivedAt === null && seatsLeft !== 0 && (expiresAt === null || expiresAt.getTime() > now)
    return wallOf({
      class: { ...found, joinCode: isOpen ? code : null },
      learners,
      labs,
      announcement: note ? { id: note.id, text: note.text, at: note.at } : null,
      usedPercent: Math.round((1 - freemem() / totalmem()) * 100),
      now,
    })
  }

  async news(personId: string): Promise<NewsView> {
    const { database, labs } = this.#options
    const classes = await database.class.findMany({
      where: { archivedAt: null, members: { some: { personId, role: 'learner' } } },
      select: { openLabId: true },
    })
    const lab = labs.find(({ id }) => classes.some(({ openLabId }) => openLabId === id))
    const keyboard = this.keyboards.of(personId)
    return {
      notes: await this.notes.for(personId),
      hand: this.hands.of(personId) ?? null,
      openLab: lab ? { labId: lab.id, number: lab.number, title: lab.title } : null,
      keyboard: keyboard ? { by: keyboard.teacherName, state: keyboard.state } : null,
      paused: this.pauses.of(personId) ?? null,
      projected: this.projectors.of(personId) ?? null,
      inClass: classes.length > 0,
    }
  }

  gradeBook(classId: string): Promise<GradeBook> {
    return gradeBookOf(this.#options.database, this.#options.labs, classId)
  }

  /** The lab that the learner is in now, or a sentence for people. */
  sessionOf(learner: { id: string; name: string }): LabSession {
    const session = this.#following.sessionOf(learner.id)
    // What a learner who was let go had open is not theirs any more.
    if (!session || !this.#options.sessions.alive(session.id))
      throw new ClassroomError('session-unknown', `${learner.name} has not opened a lab yet.`)
    return session
  }

  /** For what a learner does to the cluster by hand: not while the class is to look elsewhere. */
  expectNotPaused(learnerId: string): void {
    const pause = this.pauses.of(learnerId)
    if (pause) throw new ClassroomError('paused', `${pause.by} has paused the class. It goes on in a moment.`)
  }

  async openLab(classId: string, labId: string): Promise<void> {
    const { database, labs } = this.#options
    if (labId !== '' && !labs.some(({ id }) => id === labId)) {
      throw new ClassroomError('lab-unknown', `There is no lab "${labId}".`)
    }
    await database.class.update({ where: { id: classId }, data: { openLabId: labId }, select: { id: true } })
    this.#tell()
  }

  /** Gets every learner a cluster of their own, one after the other, before they come. Resolves at once. */
  async startAll(classId: string): Promise<void> {
    const learners = await this.#learnersOf(classId)
    for (const id of learners) {
      const session = this.#following.sessionOf(id)
      if (!session || session.isAsleep) this.#starting.add(id)
    }
    this.#tell()
    void this.#startInTurn(classId, learners)
  }

  /** A fault, or its end, on one learner's machine; where none is named, on that of everybody who has a cluster. */
  async switchMachine(options: {
    classId: string
    learnerId?: string | undefined
    machine: string
    to: 'killed' | 'started'
  }): Promise<{ learners: number }> {
    const { classId, learnerId, machine, to } = options
    const clusters = await this.#clustersOf(classId, learnerId)
    const done = await Promise.allSettled(
      clusters.map((cluster) => this.#options.host.switchMachine(cluster, machine, to)),
    )
    const failed = done.filter((each) => each.status === 'rejected')
    // A cluster that does not run now is no reason to say that it was done to nobody.
    if (failed[0] && failed.length === clusters.length) throw failed[0].reason
    return { learners: clusters.length - failed.length }
  }

  /** Stops everything, so that everybody listens: every loop is held, and keys reach no shell. */
  async pause(classId: string, by: string): Promise<{ learners: number }> {
    this.pauses.begin(classId, await this.#learnersOf(classId), by)
    return this.#steerAll(classId, undefined, 'hold')
  }

  /** Whoever comes while the class is paused listens as well. */
  async joined(classId: string, personId: string): Promise<void> {
    if (!(await this.#learnersOf(classId)).includes(personId)) return
    this.pauses.join(classId, personId)
    if (this.pauses.of(personId)) await this.#steerAll(classId, personId, 'hold')
  }

  /** Lets every held or slowed loop go on, and whoever was paused; not of who is in another class that is. */
  async release(classId: string, learnerId?: string): Promise<{ learners: number }> {
    if (learnerId === undefined) this.pauses.end(classId)
    else this.pauses.endFor(classId, learnerId)
    return this.#steerAll(classId, learnerId, 'release')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#following[Symbol.dispose]()
    this.#listeners.clear()
    await this.#handStore.written
  }

  async #now(person: { id: string; name: string }): Promise<LearnerNow> {
    const session = this.#following.sessionOf(person.id)
    const cluster = clusterOf(session)
    const sleeps = !session && this.#options.pool.isAsleep(person.id)
    const gates = session?.cluster ? await this.#options.host.loopGates(session.cluster).catch(() => []) : []
    return {
      learnerId: person.id,
      name: person.name,
      sessionId: session?.id ?? null,
      presence: this.attendance.of(person.id),
      facts: this.#following.of(person.id),
      hand: this.hands.of(person.id),
      ...cluster,
      sandbox: this.#starting.has(person.id) ? 'starting' : sleeps ? 'asleep' : cluster.sandbox,
      held: gates.filter(({ held }) => held).length,
      paused: this.pauses.of(person.id) !== undefined,
    }
  }

  /** Whoever gets their cluster, or wakes it, while the class is to look elsewhere. */
  async #holdIfPaused(learnerId: string, cluster: string): Promise<void> {
    if (!this.pauses.of(learnerId)) return
    await this.#options.host.steerLoops(cluster, { loops: 'all', action: 'hold' }).catch(() => undefined)
    this.#tell()
  }

  async #steerAll(classId: string, learnerId: string | undefined, action: 'hold' | 'release') {
    const clusters = await this.#clustersOf(classId, learnerId, (id) => action === 'hold' || !this.pauses.of(id))
    // One that does not run now keeps nobody else from it; while the class is paused it is held when it is ready.
    const done = await Promise.allSettled(
      clusters.map((cluster) => this.#options.host.steerLoops(cluster, { loops: 'all', action })),
    )
    this.#tell()
    return { learners: done.filter(({ status }) => status === 'fulfilled').length }
  }

  async #startInTurn(classId: string, learners: readonly string[]): Promise<void> {
    for (const id of learners) {
      if (!this.#starting.has(id)) continue
      // The turn may come late: whoever has left since, or whose class is over, gets none.
      if (await this.#learnsNow(classId, id).catch(() => false)) {
        // A learner who cannot get one now asks again by opening a lab; the others go on.
        await this.#options.pool.claim(id).catch(() => undefined)
        const session = this.#following.sessionOf(id)
        if (session) this.#options.sessions.use(session)
      }
      this.#starting.delete(id)
      this.#tell()
    }
  }

  async #learnsNow(classId: string, personId: string): Promise<boolean> {
    const where = { classId, personId, role: 'learner', class: { archivedAt: null } }
    return (await this.#options.database.membership.count({ where })) > 0
  }

  async #learnersOf(classId: string): Promise<string[]> {
    const members = await this.#options.database.membership.findMany({
      where: { classId, role: 'learner' },
      select: { personId: true },
    })
    return members.map(({ personId }) => personId)
  }

  /** Of those whose cluster runs; never of somebody who is not in the class, whatever is asked for. */
  async #clustersOf(
    classId: string,
    learnerId: string | undefined,
    isMeant: (learnerId: string) => boolean = () => true,
  ): Promise<string[]> {
    const all = (await this.#learnersOf(classId)).filter(isMeant)
    const learners = learnerId === undefined ? all : all.filter((id) => id === learnerId)
    const rows = await this.#options.database.sandbox.findMany({
      where: { learnerId: { in: learners }, asleepAt: null },
      select: { cluster: true },
    })
    return rows.map(({ cluster }) => cluster)
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}
