// Coming into a class by its code: as who one is already, with a new account, or as a guest with a name only.

import { randomUUID } from 'node:crypto'
import type { Accounts, NewAccount } from '../accounts/accounts.ts'
import { type Person, selectPerson } from '../accounts/person.ts'
import { ClassroomError } from '../classroom-error.ts'
import type { Database } from '../database/open-database.ts'
import type { JoinCodes } from './join-codes.ts'

/** Hears of everybody who has come into a class, or was in it already; they are let in after. */
export type OnJoined = (classId: string, personId: string) => Promise<void>

export class Joining {
  readonly #database: Database
  readonly #accounts: Accounts
  readonly #codes: JoinCodes
  readonly #onJoined: OnJoined

  constructor(options: { database: Database; accounts: Accounts; codes: JoinCodes; onJoined: OnJoined }) {
    this.#database = options.database
    this.#accounts = options.accounts
    this.#codes = options.codes
    this.#onJoined = options.onJoined
  }

  /** Returns the class that the person is in now. */
  async join(person: Person, code: string, address: string): Promise<string> {
    const { classId, guests } = await this.#codes.look(code, address)
    if (person.isGuest && !guests) throw withAccount()
    await this.#database.$transaction((rows) => this.#codes.seat(rows, code, person.id))
    await this.#onJoined(classId, person.id)
    return classId
  }

  async joinWithNewAccount(account: NewAccount, code: string, address: string): Promise<Person> {
    const { classId } = await this.#codes.look(code, address)
    const person = await this.#accounts.create(account)
    try {
      await this.#database.$transaction((rows) => this.#codes.seat(rows, code, person.id))
    } catch (err) {
      // Somebody took the last seat meanwhile: the name is free again.
      await this.#database.person.delete({ where: { id: person.id }, select: { id: true } })
      throw err
    }
    await this.#onJoined(classId, person.id)
    return person
  }

  async joinAsGuest(name: string, code: string, address: string): Promise<Person> {
    const { classId, guests } = await this.#codes.look(code, address)
    if (!guests) throw withAccount()
    const guest = await this.#database.$transaction(async (rows) => {
      const namesakes = await rows.membership.count({ where: { classId, person: { name } } })
      if (namesakes > 0) {
        throw new ClassroomError('name-taken', `Somebody named “${name}” is in this class. Add a letter to your name.`)
      }
      const person = await rows.person.create({ data: { id: randomUUID(), name, isGuest: true }, select: selectPerson })
      await this.#codes.seat(rows, code, person.id)
      return person
    })
    await this.#onJoined(classId, guest.id)
    return guest
  }
}

const withAccount = () => new ClassroomError('not-allowed', 'This class is joined with an account.')
