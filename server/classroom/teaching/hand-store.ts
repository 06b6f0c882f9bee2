// Raised hands in the database, so that nobody who waits for help is forgotten when the classroom is started again.

import type { Database } from '../database/open-database.ts'
import type { Hand } from './hands.ts'

export class HandStore {
  readonly #database: Database
  #written: Promise<unknown> = Promise.resolve()

  constructor(database: Database) {
    this.#database = database
  }

  async all(): Promise<Map<string, Hand>> {
    const rows = await this.#database.hand.findMany({ orderBy: { since: 'asc' } })
    return new Map(rows.map(({ personId, since, ...hand }) => [personId, { ...hand, since: since.getTime() }]))
  }

  /** In order; a hand that cannot be written down is up all the same. */
  keep(personId: string, hand: Hand | undefined): void {
    this.#written = this.#written.then(() => this.#write(personId, hand)).catch(() => undefined)
  }

  /** When everything that was to be written is. */
  get written(): Promise<unknown> {
    return this.#written
  }

  async #write(personId: string, hand: Hand | undefined): Promise<void> {
    if (!hand) {
      await this.#database.hand.deleteMany({ where: { personId } })
      return
    }
    const data = { ...hand, since: new Date(hand.since) }
    await this.#database.hand.upsert({ where: { personId }, create: { personId, ...data }, update: data })
  }
}
