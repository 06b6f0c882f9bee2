// On one's own machine nobody logs in: there is one person, made at the first start and named after whoever started it.
// They learn, they teach a class of their own, and they are the administrator.

import { randomUUID } from 'node:crypto'
import type { Database } from '../database/open-database.ts'
import { type Person, selectPerson } from './person.ts'

const CLASS_NAME = 'My class'

export async function localPerson(database: Database, name: string): Promise<Person> {
  const person =
    (await database.person.findFirst({ where: { isLocal: true }, select: selectPerson })) ??
    (await database.person.create({
      data: { id: randomUUID(), name, isLocal: true, isAdmin: true },
      select: selectPerson,
    }))
  const teaches = await database.membership.count({ where: { personId: person.id, role: 'instructor' } })
  if (teaches === 0) {
    const members = { create: { personId: person.id, role: 'instructor' } }
    await database.class.create({ data: { id: randomUUID(), name: CLASS_NAME, members }, select: { id: true } })
  }
  return person
}
