// Classes and who is in them.

import type { Person } from '../accounts/person.ts'
import { ClassroomError } from '../classroom-error.ts'
import type { Database } from '../database/open-database.ts'
import { type Role, role } from './role.ts'

export interface ClassSummary {
  readonly id: string
  readonly name: string
  readonly archivedAt: Date | null
}

export interface ClassAsSeen {
  readonly class: ClassSummary
  /** What the one who looks is in it. */
  readonly role: Role
}

export class Classes {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** The class as this person stands in it; an administrator is an instructor of every class. Others are told there is none. */
  async seenBy(person: Person, classId: string): Promise<ClassAsSeen> {
    const found = await this.#database.class.findUnique({
      where: { id: classId },
      select: {
        id: true,
        name: true,
        archivedAt: true,
        members: { where: { personId: person.id }, select: { role: true } },
      },
    })
    const membership = found?.members[0]
    if (!found || !(membership || person.isAdmin)) throw new ClassroomError('class-unknown', 'There is no such class.')
    const { members: _, ...summary } = found
    return { class: summary, role: person.isAdmin ? 'instructor' : role.parse(membership?.role) }
  }

  /** Somebody in a class, whatever they are in it: those who teach take labs, too. */
  async member(classId: string, personId: string): Promise<{ id: string; name: string; role: Role }> {
    const membership = await this.#database.membership.findUnique({
      where: { classId_personId: { classId, personId } },
      select: { role: true, person: { select: { id: true, name: true } } },
    })
    if (!membership) throw new ClassroomError('member-unknown', 'This person is not in this class.')
    return { ...membership.person, role: role.parse(membership.role) }
  }
}
