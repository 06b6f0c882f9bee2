// The classroom put together: labs, database, sandboxes, sessions. No sockets here; server.ts has those.

import { statfs } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { ClusterHost, ClusterInfo } from '../kube/cluster/index.ts'
import { Accounts } from './accounts/accounts.ts'
import { Connections } from './accounts/connections.ts'
import { localPerson } from './accounts/local-person.ts'
import { Logins } from './accounts/logins.ts'
import type { Person } from './accounts/person.ts'
import type { CourseView } from './api/contract.ts'
import { type Course, courseOverview, loadCourse } from './courses/course-overview.ts'
import { runsOfLearner } from './courses/runs-of-learner.ts'
import { type Database, openDatabase } from './database/open-database.ts'
import type { LabSession } from './grading/lab-session.ts'
import { ProgressStore } from './grading/progress.ts'
import { Sessions } from './grading/sessions.ts'
import type { Lab } from './labs/lab.ts'
import { loadLabs } from './labs/load-labs.ts'
import { Classes } from './people/classes.ts'
import { forgetGuests } from './people/forget-guests.ts'
import { JoinCodes } from './people/join-codes.ts'
import { Joining } from './people/joining.ts'
import { Previews } from './preview/previews.ts'
import { Absence } from './sandboxes/absence.ts'
import { SandboxPool } from './sandboxes/sandbox-pool.ts'
import { type Room, seatsIn } from './sandboxes/seats.ts'
import { Teaching } from './teaching/teaching.ts'
import type { KeptHomes, Shells } from './terminals/shell.ts'

export interface ClassroomOptions {
  /** Where the repository is: labs, content, migrations. */
  root: string
  stateDir: string
  host: ClusterHost
  machines: CourseView['machines']
  shellsFor: (info: ClusterInfo) => Promise<Shells>
  /** Files of learners' homes, kept and put back with their clusters; undefined where there are none. */
  homes?: KeptHomes | undefined
  /** The one person of a classroom without accounts, when they are new; undefined where people log in. */
  localName: string | undefined
  clock: Clock
  logger: Logger
  random: () => number
  /** How many sandboxes are kept ready. */
  warm?: number
  /** How many learners may have one at once; without it, as many as this machine is thought to hold. */
  seats?: number | undefined
  /** How long somebody is away before their machines stand still, and before they go to disk; never without. */
  pauseAfterMs?: number | undefined
  stopAfterMs?: number | undefined
  /** Guests who did not come back for so long are forgotten. */
  guestDays?: number | undefined
}

export interface Classroom extends AsyncDisposable {
  readonly labs: readonly Lab[]
  readonly sessions: Sessions
  readonly absence: Absence
  readonly host: ClusterHost
  readonly accounts: Accounts
  readonly classes: Classes
  readonly joinCodes: JoinCodes
  readonly joining: Joining
  readonly logins: Logins
  readonly connections: Connections
  /** Who uses a classroom on loopback; undefined where people log in. */
  readonly localPerson: Person | undefined
  readonly teaching: Teaching
  readonly previews: Previews
  readonly clock: Clock
  courseOf(learnerId: string): Promise<CourseView>
  /** A learner's session, for its learner and for those who teach them; `own` says which. Others are told there is none. */
  lookAt(person: Person, sessionId: string): Promise<{ session: LabSession; own: boolean }>
}

/** Of the clusters we make; shown until a node says its own. */
const KUBERNETES_VERSION = 'v1.36'
const GUEST_DAYS = 30

export async function openClassroom(options: ClassroomOptions): Promise<Classroom> {
  const { root, stateDir, host, machines, clock, logger } = options
  const labs = await loadLabs(join(root, 'labs'))
  const course = await loadCourse(join(root, 'content', 'course.yaml'), labs)
  const database = openDatabase({
    path: join(stateDir, 'classroom', 'podium.db'),
    migrations: join(root, 'prisma', 'migrations'),
    clock,
  })
  const local = options.localName === undefined ? undefined : await localPerson(database, options.localName)
  // Where people log in, the person who never does is not let in by what their browser kept.
  if (!local) await database.login.deleteMany({ where: { person: { isLocal: true, credential: null } } })
  const connections = new Connections()
  const logins = new Logins({ database, connections, clock })
  const accounts = new Accounts({
    database,
    logins,
    connections,
    freeSeat: (id) => sessions.sleep(id, 'stop'),
    stateDir,
    clock,
  })
  const joinCodes = new JoinCodes({ database, clock })
  const pool = new SandboxPool({
    ...options,
    seats: options.seats ?? seatsIn(await roomHere(stateDir), machines.kind),
    database,
    machines: machines.kind,
  })
  const sessions: Sessions = new Sessions({
    labs,
    store: new ProgressStore(database),
    pool,
    mayLearn: (id) => classes.mayLearn(id),
    version: KUBERNETES_VERSION,
    clock,
    logger,
  })
  const onJoined = (classId: string, personId: string) => teaching.joined(classId, personId)
  const classes = new Classes({
    database,
    logins,
    connections,
    release: (id) => sessions.release(id),
    seats: () => pool.seats,
    onJoined,
    clock,
    logger,
  })
  const teaching: Teaching = new Teaching({ database, sessions, pool, host, homes: options.homes, labs, clock })
  await teaching.start()
  await pool.start()
  const failed = (err: unknown) => logger.error('what somebody away holds was not let go', { err })
  const absence = new Absence({
    pool,
    sleep: (id, machines) => sessions.sleep(id, machines).catch(failed),
    leaveLine: (id) => sessions.leaveLine(id).catch(failed),
    pauseAfterMs: options.pauseAfterMs,
    stopAfterMs: options.stopAfterMs,
    clock,
  })
  const { guestDays: afterDays = GUEST_DAYS } = options
  const guests = forgetGuests({ database, release: (id) => sessions.release(id), afterDays, clock, logger })
  return {
    labs,
    sessions,
    absence,
    host,
    accounts,
    classes,
    joinCodes,
    joining: new Joining({ database, accounts, codes: joinCodes, onJoined }),
    logins,
    teaching,
    previews: new Previews(connections),
    clock,
    connections,
    localPerson: local,
    courseOf: (learnerId) =>
      courseOf({ database, course, labs, machines, clock, learnerId, asleep: pool.isAsleep(learnerId) }),
    async lookAt(person, sessionId) {
      const session = sessions.alive(sessionId)
      if (session && session.learnerId !== person.id && (await classes.teaches(person, session.learnerId))) {
        return { session, own: false }
      }
      return { session: await sessions.get(person.id, sessionId), own: true }
    },
    async [Symbol.asyncDispose]() {
      absence[Symbol.dispose]()
      guests[Symbol.dispose]()
      await teaching[Symbol.asyncDispose]()
      await sessions[Symbol.asyncDispose]()
      await pool[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

async function courseOf(from: {
  database: Database
  course: Course
  labs: readonly Lab[]
  machines: CourseView['machines']
  clock: Clock
  learnerId: string
  asleep: boolean
}): Promise<CourseView> {
  const { database, clock, learnerId } = from
  const { name } = await database.person.findUniqueOrThrow({ where: { id: learnerId }, select: { name: true } })
  const runs = await runsOfLearner(database, learnerId)
  return courseOverview({ ...from, runs, learnerName: name, now: clock.now() })
}

async function roomHere(stateDir: string): Promise<Room> {
  const { bavail, bsize } = await statfs(stateDir)
  return { memoryBytes: totalmem(), diskBytes: bavail * bsize, processors: availableParallelism() }
}
