// What those who teach say: one announcement at a time to a class, hints to one learner. Written down, so that a browser
// that comes later reads them too.

import { randomUUID } from 'node:crypto'
import type { Database } from '../database/open-database.ts'

export interface Note {
  readonly id: string
  readonly isHint: boolean
  readonly from: string
  readonly text: string
  readonly at: number
  readonly labId: string
}

interface Row {
  id: string
  toId: string | null
  from: string
  text: string
  labId: string
  createdAt: Date
}

const select = { id: true, toId: true, from: true, text: true, labId: true, createdAt: true } as const

export class Notes {
  readonly #database: Database
  readonly #now: () => number
  readonly #onChange: () => void

  constructor(options: { database: Database; now: () => number; onChange: () => void }) {
    this.#database = options.database
    this.#now = options.now
    this.#onChange = options.onChange
  }

  /** To the whole class; takes the place of the one before. */
  async announce(classId: string, from: string, text: string): Promise<void> {
    await this.withdraw(classId)
    await this.#add({ classId, from, text })
  }

  async withdraw(classId: string): Promise<void> {
    await this.#database.note.updateMany({
      where: { classId, toId: null, endedAt: null },
      data: { endedAt: new Date(this.#now()) },
    })
    this.#onChange()
  }

  hint(classId: string, to: { learnerId: string; labId: string }, from: string, text: string): Promise<void> {
    return this.#add({ classId, from, text, toId: to.learnerId, labId: to.labId })
  }

  /** The learner has read it. Only hints end that way, and only one's own. */
  async read(learnerId: string, id: string): Promise<void> {
    await this.#database.note.updateMany({
      where: { id, toId: learnerId, endedAt: null },
      data: { endedAt: new Date(this.#now()) },
    })
    this.#onChange()
  }

  async announcementOf(classId: string): Promise<Note | undefined> {
    const row = await this.#database.note.findFirst({ where: { classId, toId: null, endedAt: null }, select })
    return row ? fromRow(row) : undefined
  }

  /** Announcements of the classes this person learns in, and the hints to them that they have not read. */
  async for(personId: string): Promise<Note[]> {
    const rows = await this.#database.note.findMany({
      where: {
        endedAt: null,
        OR: [
          { toId: personId },
          { toId: null, class: { archivedAt: null, members: { some: { personId, role: 'learner' } } } },
        ],
      },
      select,
      orderBy: { createdAt: 'asc' },
    })
    return rows.map(fromRow)
  }

  async #add(note: { classId: string; from: string; text: string; toId?: string; labId?: string }): Promise<void> {
    await this.#database.note.create({
      data: { ...note, id: randomUUID(), createdAt: new Date(this.#now()) },
      select: { id: true },
    })
    this.#onChange()
  }
}

const fromRow = ({ toId, createdAt, ...note }: Row): Note => ({
  ...note,
  isHint: toId !== null,
  at: createdAt.getTime(),
})
