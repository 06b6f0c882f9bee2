// Coming into a class by its code: as who one is already, with a new account, or as a guest with a name only.

import { randomUUID } from 'node:crypto'
import type { Accounts, NewAccount } from '../accounts/accounts.ts'
import { type Person, selectPerson } from '../accounts/person.ts'
import { ClassroomError } from '../classroom-error.ts'
import type { Database } from '../database/open-database.ts'
import type { JoinCodes } from './join-codes.ts'

export class Joining {
  readonly #database: Database
  readonly #accounts: Accounts
  readonly #codes: JoinCodes

  constructor({ database, accounts, codes }: { database: Database; accounts: Accounts; codes: JoinCodes }) {
    this.#database = database
    this.#accounts = accounts
    this.#codes = codes
  }

  /** Returns the class that the person is in now. */
  async join(person: Person, code: string, address: string): Promise<string> {
    const { classId, guests } = await this.#codes.look(code, address)
    if (person.isGuest && !guests) throw withAccount()
    await this.#database.$transaction((rows) => this.#codes.seat(rows, code, person.id))
    return classId
  }

  async joinWithNewAccount(account: NewAccount, code: string, address: string): Promise<Person> {
    await this.#codes.look(code, address)
    const person = await this.#accounts.create(account)
    try {
      await this.#database.$transaction((rows) => this.#codes.seat(rows, code, person.id))
    } catch (err) {
      // Somebody took the last seat meanwhile: the name is free again.
      await this.#database.person.delete({ where: { id: person.id }, select: { id: true } })
      throw err
    }
    return person
  }

  async joinAsGuest(name: string, code: string, address: string): Promise<Person> {
    const { classId, guests } = await this.#codes.look(code, address)
    if (!guests) throw withAccount()
    return this.#database.$transaction(async (rows) => {
      const namesakes = await rows.membership.count({ where: { classId, person: { name } } })
      if (namesakes > 0) {
        throw new ClassroomError('name-taken', `Somebody named “${name}” is in this class. Add a letter to your name.`)
      }
      const person = await rows.person.create({ data: { id: randomUUID(), name, isGuest: true }, select: selectPerson })
      await this.#codes.seat(rows, code, person.id)
      return person
    })
  }
}

const withAccount = () => new ClassroomError('not-allowed', 'This class is joined with an account.')
