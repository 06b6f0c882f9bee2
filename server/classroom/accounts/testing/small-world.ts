// Two classes and everybody who may or may not do something in the first: for tests of who may do what. Written into the
// database as it is, for real passwords take their time.

import { randomUUID } from 'node:crypto'
import type { Database } from '../../database/open-database.ts'
import type { Role } from '../../people/role.ts'
import { type Person, selectPerson } from '../person.ts'

export const everybody = ['nobody', 'guest', 'learner', 'assistant', 'instructor', 'admin', 'stranger'] as const
export type Somebody = (typeof everybody)[number]

export interface SmallWorld {
  classId: string
  joinCode: string
  people: Record<Somebody, Person | undefined>
  /** A learner of the class who is none of them. */
  newLearner(): Promise<string>
  /** Somebody with an account, in no class. */
  newAccount(): Promise<{ personId: string; login: string }>
}

/** Of no password anybody knows, and quick to compare with. */
const NO_PASSWORD = `$argon2id$v=19$m=8,t=1,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`

export async function smallWorld(database: Database): Promise<SmallWorld> {
  const [classId, otherId] = [randomUUID(), randomUUID()]
  const joinCode = randomUUID().replace(/-/g, '').slice(0, 8).toUpperCase()
  await database.class.create({ data: { id: classId, name: 'Mine', joinCode: { create: { code: joinCode } } } })
  await database.class.create({ data: { id: otherId, name: 'Another' } })
  const make = (name: string, told: { isAdmin?: boolean; isGuest?: boolean }, of?: string, role?: Role) =>
    database.person.create({
      data: {
        id: randomUUID(),
        name,
        ...told,
        ...(of && role ? { memberships: { create: { classId: of, role } } } : {}),
        ...(told.isGuest ? {} : { credential: { create: { login: randomUUID(), hash: NO_PASSWORD } } }),
      },
      select: selectPerson,
    })
  return {
    classId,
    joinCode,
    people: {
      nobody: undefined,
      guest: await make('Gus', { isGuest: true }, classId, 'learner'),
      learner: await make('Lea', {}, classId, 'learner'),
      assistant: await make('Ash', {}, classId, 'assistant'),
      instructor: await make('Ida', {}, classId, 'instructor'),
      admin: await make('Adi', { isAdmin: true }),
      stranger: await make('Sam', {}, otherId, 'instructor'),
    },
    newLearner: async () => (await make('Neo', {}, classId, 'learner')).id,
    async newAccount() {
      const { id: personId } = await make('Nan', {})
      const { login } = await database.credential.findUniqueOrThrow({ where: { personId } })
      return { personId, login }
    },
  }
}
