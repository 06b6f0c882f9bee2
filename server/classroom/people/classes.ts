// Classes and who is in them. Who may do what is decided by the procedures (api/trpc.ts).

import { randomUUID } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Connections } from '../accounts/connections.ts'
import type { Logins } from '../accounts/logins.ts'
import type { Person } from '../accounts/person.ts'
import type { ClassPage, ClassRow } from '../api/people-contract.ts'
import { ClassroomError } from '../classroom-error.ts'
import type { Database } from '../database/open-database.ts'
import type { OnJoined } from './joining.ts'
import { type Role, role } from './role.ts'

export interface ClassSummary {
  readonly id: string
  readonly name: string
  readonly archivedAt: Date | null
  readonly previews: boolean
}

export interface ClassAsSeen {
  readonly class: ClassSummary
  /** What the one who looks is in it. */
  readonly role: Role
}

export interface ClassesOptions {
  database: Database
  logins: Logins
  connections: Connections
  /** Gives back what somebody used who does not come again. */
  release: (personId: string) => Promise<void>
  seats: () => ClassPage['seats']
  onJoined: OnJoined
  clock: Clock
  logger: Logger
}

export class Classes {
  readonly #options: ClassesOptions

  constructor(options: ClassesOptions) {
    this.#options = options
  }

  /** The class as this person stands in it; an administrator is an instructor of every class. Others are told there is none. */
  async seenBy(person: Person, classId: string): Promise<ClassAsSeen> {
    const found = await this.#options.database.class.findUnique({
      where: { id: classId },
      select: {
        id: true,
        name: true,
        archivedAt: true,
        previews: true,
        members: { where: { personId: person.id }, select: { role: true } },
      },
    })
    const membership = found?.members[0]
    if (!found || !(membership || person.isAdmin)) throw new ClassroomError('class-unknown', 'There is no such class.')
    const { members: _, ...summary } = found
    return { class: summary, role: person.isAdmin ? 'instructor' : role.parse(membership?.role) }
  }

  /** Whether one of them teaches the other: in a class that goes on, in which the other is, or as administrator. */
  async teaches(person: Person, learnerId: string): Promise<boolean> {
    if (person.isAdmin) return true
    const shared = await this.#options.database.membership.count({
      where: {
        personId: learnerId,
        class: {
          archivedAt: null,
          members: { some: { personId: person.id, role: { in: ['assistant', 'instructor'] } } },
        },
      },
    })
    return shared > 0
  }

  /** Somebody in a class, whatever they are in it: those who teach take labs, too. */
  async member(classId: string, personId: string): Promise<{ id: string; name: string; role: Role }> {
    const membership = await this.#options.database.membership.findUnique({
      where: { classId_personId: { classId, personId } },
      select: { role: true, person: { select: { id: true, name: true } } },
    })
    if (!membership) throw new ClassroomError('member-unknown', 'This person is not in this class.')
    return { ...membership.person, role: role.parse(membership.role) }
  }

  /** Clusters are for those who are in a class that goes on, and for administrators. */
  async mayLearn(personId: string): Promise<boolean> {
    const inOpenClass = { memberships: { some: { class: { archivedAt: null } } } }
    const where = { id: personId, OR: [{ isAdmin: true }, inOpenClass] }
    return (await this.#options.database.person.count({ where })) > 0
  }

  /** Whether this person may see in a browser what their cluster serves: one of their classes is enough. */
  async mayPreview(personId: string): Promise<boolean> {
    const inOpenClass = { memberships: { some: { class: { archivedAt: null, previews: true } } } }
    const where = { id: personId, OR: [{ isAdmin: true }, inOpenClass] }
    return (await this.#options.database.person.count({ where })) > 0
  }

  /** The classes that a person is in; for an administrator all. */
  async listFor(person: Person): Promise<ClassRow[]> {
    const rows = await this.#options.database.class.findMany({
      where: person.isAdmin ? {} : { members: { some: { personId: person.id } } },
      select: {
        id: true,
        name: true,
        archivedAt: true,
        members: { where: { personId: person.id }, select: { role: true } },
        _count: { select: { members: true } },
      },
      orderBy: { createdAt: 'asc' },
    })
    return rows.map(({ id, name, archivedAt, members, _count }) => ({
      id,
      name,
      isArchived: archivedAt !== null,
      role: members[0] ? role.parse(members[0].role) : null,
      members: _count.members,
    }))
  }

  /** Administrators make classes, and whoever teaches one may make another. */
  async create(person: Person, name: string): Promise<string> {
    const { database } = this.#options
    const isInstructor = (await database.membership.count({ where: { personId: person.id, role: 'instructor' } })) > 0
    if (!person.isAdmin && !isInstructor) {
      throw new ClassroomError('not-allowed', 'Classes are made by administrators and instructors.')
    }
    const members = { create: { personId: person.id, role: 'instructor' } }
    const { id } = await database.class.create({ data: { id: randomUUID(), name, members }, select: { id: true } })
    return id
  }

  async rename(classId: string, name: string): Promise<void> {
    await this.#options.database.class.update({ where: { id: classId }, data: { name }, select: { id: true } })
  }

  /** An archived class can be looked at; its code opens nothing, and its learners' clusters are given back. */
  async setArchived(classId: string, isArchived: boolean): Promise<void> {
    const { database, clock } = this.#options
    const { members } = await database.class.update({
      where: { id: classId },
      data: { archivedAt: isArchived ? new Date(clock.now()) : null },
      select: { members: { select: { personId: true } } },
    })
    if (isArchived) await this.#letGo(members.map(({ personId }) => personId))
  }

  /** What is open in the browser of somebody who may not any more is closed. */
  async setPreviews(classId: string, previews: boolean): Promise<void> {
    const { database, connections } = this.#options
    const { members } = await database.class.update({
      where: { id: classId },
      data: { previews },
      select: { members: { select: { personId: true } } },
    })
    for (const { personId } of members) if (!(await this.mayPreview(personId))) connections.cut(personId)
  }

  async page({ class: seen, role: mine }: ClassAsSeen): Promise<ClassPage> {
    const { members, joinCode } = await this.#options.database.class.findUniqueOrThrow({
      where: { id: seen.id },
      select: {
        joinCode: { select: { code: true, seatsLeft: true, guests: true, expiresAt: true } },
        members: {
          select: {
            role: true,
            joinedAt: true,
            person: { select: { id: true, name: true, isGuest: true, credential: { select: { login: true } } } },
          },
          orderBy: { person: { name: 'asc' } },
        },
      },
    })
    return {
      id: seen.id,
      name: seen.name,
      isArchived: seen.archivedAt !== null,
      previews: seen.previews,
      role: mine,
      seats: this.#options.seats(),
      joinCode: joinCode && { ...joinCode, expiresAt: joinCode.expiresAt?.getTime() ?? null },
      members: members.map(({ person, ...membership }) => ({
        personId: person.id,
        name: person.name,
        login: person.credential?.login ?? null,
        isGuest: person.isGuest,
        role: role.parse(membership.role),
        joinedAt: membership.joinedAt.getTime(),
      })),
    }
  }

  /** Somebody who has an account already, without a code. Administrators are not brought where others look at their labs. */
  async add(classId: string, { login, as, by }: { login: string; as: Role; by: Person }): Promise<void> {
    const { database } = this.#options
    const account = await database.credential.findUnique({
      where: { login: login.toLowerCase() },
      select: { personId: true, person: { select: { isAdmin: true } } },
    })
    if (!account) throw new ClassroomError('account-unknown', `There is no account named “${login}”.`)
    if (account.person.isAdmin && !by.isAdmin) {
      throw new ClassroomError('not-allowed', 'An administrator joins a class by its code, or not at all.')
    }
    if (as !== 'instructor') await this.#keepAnInstructor(classId, account.personId)
    const key = { classId, personId: account.personId }
    await database.membership.upsert({
      where: { classId_personId: key },
      create: { ...key, role: as, joinedAt: new Date(this.#options.clock.now()) },
      update: { role: as },
      select: { role: true },
    })
    this.#options.connections.cut(account.personId)
    await this.#options.onJoined(classId, account.personId)
  }

  async setRole(classId: string, personId: string, next: Role): Promise<void> {
    const { database, connections } = this.#options
    await this.member(classId, personId)
    const { isGuest } = await database.person.findUniqueOrThrow({ where: { id: personId }, select: { isGuest: true } })
    if (isGuest && next !== 'learner') {
      throw new ClassroomError('not-allowed', 'A guest has no account. Whoever teaches logs in.')
    }
    if (next !== 'instructor') await this.#keepAnInstructor(classId, personId)
    await database.membership.update({
      where: { classId_personId: { classId, personId } },
      data: { role: next },
      select: { role: true },
    })
    connections.cut(personId)
  }

  /** Whoever is in no class any more gives their cluster back; a guest is gone, for nothing else lets them in. */
  async remove(classId: string, personId: string): Promise<void> {
    const { database, connections } = this.#options
    await this.member(classId, personId)
    await this.#keepAnInstructor(classId, personId)
    await database.membership.delete({ where: { classId_personId: { classId, personId } }, select: { role: true } })
    connections.cut(personId)
    // Whoever teaches may be looking at what this person has open; what they still may see opens again by itself.
    const teachers = await database.membership.findMany({
      where: { classId, role: { not: 'learner' } },
      select: { personId: true },
    })
    for (const teacher of teachers) connections.cut(teacher.personId)
    await this.#letGo([personId])
  }

  async #letGo(personIds: readonly string[]): Promise<void> {
    const { database, logins, connections, release, logger } = this.#options
    const gone = await database.person.findMany({
      where: { id: { in: [...personIds] }, isAdmin: false, memberships: { none: { class: { archivedAt: null } } } },
      select: { id: true, isGuest: true },
    })
    for (const { id, isGuest } of gone) {
      // Each takes a while: the class may have been taken up again since, or somebody has joined another.
      if (await this.mayLearn(id)) continue
      if (isGuest) await logins.endAll(id)
      connections.cut(id)
      // What fails for one is no reason to leave the others with what is not theirs any more.
      await release(id).catch((err) => logger.error('what somebody held could not be given back', { id, err }))
    }
  }

  async #keepAnInstructor(classId: string, without: string): Promise<void> {
    const where = { classId, role: 'instructor', personId: { not: without } }
    if ((await this.#options.database.membership.count({ where })) > 0) return
    const key = { classId, personId: without, role: 'instructor' }
    if ((await this.#options.database.membership.count({ where: key })) > 0) {
      throw new ClassroomError('not-allowed', 'This is the only instructor. Make somebody else one first.')
    }
  }
}
