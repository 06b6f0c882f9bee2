// All sessions of the classroom. A learner has one cluster, so one lab at a time is alive; the others wait in the database.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { MachinesRest } from '../../kube/cluster/index.ts'
import { ClassroomError } from '../classroom-error.ts'
import type { Lab } from '../labs/lab.ts'
import type { SandboxPool } from '../sandboxes/sandbox-pool.ts'
import { LabSession } from './lab-session.ts'
import type { Progress, ProgressStore } from './progress.ts'

export interface SessionsOptions {
  labs: readonly Lab[]
  store: ProgressStore
  pool: Pick<SandboxPool, 'claim' | 'discard' | 'release' | 'leaveLine' | 'putBack' | 'sleep' | 'isAsleep'>
  /** Whether this person may have a cluster. */
  mayLearn: (learnerId: string) => Promise<boolean>
  version: string
  clock: Clock
  logger: Logger
}

export class Sessions implements AsyncDisposable {
  readonly #options: SessionsOptions
  readonly #sessions = new Map<string, LabSession>()
  readonly #alive = new Map<string, LabSession>()
  readonly #listeners = new Set<(session: LabSession) => void>()
  /** What is being done to each learner's cluster. */
  readonly #work = new Map<string, Promise<void>>()

  constructor(options: SessionsOptions) {
    this.#options = options
  }

  /** Hears of each session whose learner works in it now, also of those that are alive already. */
  onAlive(listener: (session: LabSession) => void): Disposable {
    this.#listeners.add(listener)
    for (const session of this.#alive.values()) listener(session)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** Begins the lab, or goes on with it. */
  async start(learnerId: string, labId: string): Promise<LabSession> {
    const lab = this.#options.labs.find(({ id }) => id === labId)
    if (!lab) throw new ClassroomError('lab-unknown', `There is no lab "${labId}".`)
    await this.#expectLearner(learnerId)
    return this.#wake(await this.#options.store.ofLab(learnerId, labId))
  }

  /**
   * The learner's own session; one that a former process began is taken up again, unless they opened another lab since,
   * which may still wait for their cluster: an old page that comes back by itself takes it from nobody. To look at one that
   * sleeps wakes nobody.
   */
  async get(learnerId: string, sessionId: string): Promise<LabSession> {
    const session = this.#sessions.get(sessionId)
    if (session?.learnerId === learnerId) return session
    const progress = session ? undefined : await this.#options.store.ofRun(sessionId)
    if (progress?.learnerId !== learnerId) {
      throw new ClassroomError('session-unknown', 'This session does not exist any more. Open the lab again.')
    }
    await this.#expectLearner(learnerId)
    const opened = await this.#options.store.lastOpened(learnerId)
    const labId = this.#alive.get(learnerId)?.lab.id ?? opened
    return labId === progress.labId ? this.#wake(progress) : this.#leave(progress, labId)
  }

  /** Its learner does something in it: it does not sleep any longer. */
  use(session: LabSession): void {
    if (session.isAsleep && this.alive(session.id)) session.begin()
  }

  /** To the start of the lab, or of a step; also from an old page, whose lab had given way to another. */
  reset(session: LabSession, step?: number): Promise<void> {
    // First, for a step that was not reached yet is refused, and then nothing gives way.
    const done = session.reset(step)
    this.#makeAlive(session)
    return done
  }

  /** Gives back the cluster of somebody who does not come again. Their progress is in the database, if they do. */
  async release(learnerId: string): Promise<void> {
    this.#alive.get(learnerId)?.suspend('Your cluster was given back.')
    this.#alive.delete(learnerId)
    for (const [id, session] of this.#sessions) if (session.learnerId === learnerId) this.#sessions.delete(id)
    await this.#options.pool.release(learnerId)
  }

  /** Lays down the cluster of somebody who is away. It wakes when they are back, and goes on where it was. */
  async sleep(learnerId: string, machines: MachinesRest): Promise<void> {
    this.#alive.get(learnerId)?.sleep()
    await this.#options.pool.sleep(learnerId, machines)
  }

  /** For somebody who waits in line no more. */
  async leaveLine(learnerId: string): Promise<void> {
    this.#alive.get(learnerId)?.sleep()
    this.#options.pool.leaveLine(learnerId)
  }

  /** The session of that id whose learner works in it now. */
  alive(sessionId: string): LabSession | undefined {
    const session = this.#sessions.get(sessionId)
    return session && this.#alive.get(session.learnerId) === session ? session : undefined
  }

  /** Whether its learner works in it now, in that cluster: one that was suspended still knows a cluster that may be gone. */
  has(session: LabSession, cluster: string): boolean {
    return this.alive(session.id) === session && session.cluster === cluster
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.close()))
  }

  async #expectLearner(learnerId: string): Promise<void> {
    if (await this.#options.mayLearn(learnerId)) return
    throw new ClassroomError('not-allowed', 'Labs are for those who are in a class. Join one with its code.')
  }

  #wake(progress: Progress): LabSession {
    const session = this.#sessions.get(progress.runId) ?? this.#make(progress)
    this.#makeAlive(session)
    session.begin()
    return session
  }

  #leave(progress: Progress, to: string): LabSession {
    const known = this.#sessions.get(progress.runId)
    if (known) return known
    const session = this.#make(progress)
    const title = this.#options.labs.find(({ id }) => id === to)?.title ?? to
    session.suspend(`You went on to “${title}”. Open this lab again to go on with it.`)
    return session
  }

  #makeAlive(session: LabSession): void {
    const before = this.#alive.get(session.learnerId)
    if (before === session) return
    before?.suspend(`Your cluster went on to “${session.lab.title}”. Open this lab again to go on with it.`)
    this.#alive.set(session.learnerId, session)
    for (const listener of this.#listeners) listener(session)
  }

  #make(progress: Progress): LabSession {
    const { labs, pool, ...rest } = this.#options
    const lab = labs.find(({ id }) => id === progress.labId)
    if (!lab) throw new ClassroomError('lab-unknown', `There is no lab "${progress.labId}" any more.`)
    // It may have had more steps when it was begun.
    progress.step = Math.min(progress.step, lab.steps.length)
    progress.reached = Math.min(progress.reached, lab.steps.length)
    const { learnerId } = progress
    const session = new LabSession({
      ...rest,
      lab,
      progress,
      claim: (hear, orAnother) => pool.claim(learnerId, hear, orAnother),
      discard: () => pool.discard(learnerId),
      putBack: (state) => pool.putBack(learnerId, state),
      clusterSleeps: () => pool.isAsleep(learnerId),
      exclusive: (work) => {
        const done = (this.#work.get(learnerId) ?? Promise.resolve()).then(work)
        this.#work.set(learnerId, done)
        return done
      },
    })
    this.#sessions.set(session.id, session)
    return session
  }
}
