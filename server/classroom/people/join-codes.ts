// Join codes: who knows one gets into its class as a learner, until it is full, too old or replaced.

import { randomInt } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import { Attempts } from '../accounts/attempts.ts'
import type { OpenCode } from '../api/people-contract.ts'
import { ClassroomError } from '../classroom-error.ts'
import type { Database } from '../database/open-database.ts'

/** Capitals and digits that are not mistaken for each other, and make no words. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ2456789'
const LENGTH = 8

export interface JoinRules {
  /** How many may join by it; null for any number. */
  seats: number | null
  /** Whether a name is enough. */
  guests: boolean
  validForHours: number | null
}

/** The part of the database that a transaction has, too. */
type Rows = Pick<Database, 'joinCode' | 'membership'>

export class JoinCodes {
  readonly #database: Database
  readonly #clock: Clock
  readonly #wrongCodes: Attempts

  constructor({ database, clock }: { database: Database; clock: Clock }) {
    this.#database = database
    this.#clock = clock
    this.#wrongCodes = new Attempts({ clock, limit: 100, windowMs: 15 * 60_000 })
  }

  /** Makes a code for the class. One that it had before works no more. */
  async replace(classId: string, { seats, guests, validForHours }: JoinRules): Promise<void> {
    const now = this.#clock.now()
    const data = {
      code: Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join(''),
      seatsLeft: seats,
      guests,
      expiresAt: validForHours === null ? null : new Date(now + validForHours * 3_600_000),
      createdAt: new Date(now),
    }
    await this.#database.joinCode.upsert({
      where: { classId },
      create: { classId, ...data },
      update: data,
      select: { code: true },
    })
  }

  async close(classId: string): Promise<void> {
    await this.#database.joinCode.deleteMany({ where: { classId } })
  }

  /** What a code opens. Guessing is counted by address. */
  async look(code: string, address: string): Promise<OpenCode> {
    this.#wrongCodes.take(address)
    const found = await this.#database.joinCode.findUnique({
      where: { code: normal(code) },
      select: {
        classId: true,
        guests: true,
        seatsLeft: true,
        expiresAt: true,
        class: { select: { name: true, archivedAt: true } },
      },
    })
    if (!found || found.class.archivedAt) {
      throw new ClassroomError('code-wrong', 'No class has this code. Look at it again, or ask your instructor.')
    }
    this.#wrongCodes.giveBack(address)
    if (found.expiresAt && found.expiresAt.getTime() <= this.#clock.now()) {
      throw new ClassroomError('code-wrong', 'This code has expired. Ask your instructor for a new one.')
    }
    if (found.seatsLeft === 0) throw full()
    return { classId: found.classId, className: found.class.name, guests: found.guests }
  }

  /** Takes a seat for this person, within the caller's transaction. Whoever is in already stays what they are. */
  async seat(rows: Rows, code: string, personId: string): Promise<void> {
    const where = { code: normal(code) }
    const { classId } = await rows.joinCode.findUniqueOrThrow({ where, select: { classId: true } })
    const key = { classId, personId }
    if (await rows.membership.findUnique({ where: { classId_personId: key }, select: { role: true } })) return
    const { count } = await rows.joinCode.updateMany({
      where: { ...where, seatsLeft: { gt: 0 } },
      data: { seatsLeft: { decrement: 1 } },
    })
    // None was taken: either there is no limit, or none is left.
    if (count === 0 && (await rows.joinCode.count({ where: { ...where, seatsLeft: null } })) === 0) throw full()
    await rows.membership.create({
      data: { ...key, role: 'learner', joinedAt: new Date(this.#clock.now()) },
      select: { role: true },
    })
  }
}

const full = () =>
  new ClassroomError('class-full', 'Every seat of this code is taken. Ask your instructor for another.')

/** As people type it: small letters, hyphens and blanks. */
const normal = (code: string) => code.toUpperCase().replace(/[^A-Z0-9]/g, '')
