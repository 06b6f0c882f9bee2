import { me } from '../api/people-contract.ts'
import { publicProcedure, router } from '../api/trpc.ts'
import { initialsOf } from '../courses/course-overview.ts'

export const peopleRouter = router({
  me: publicProcedure.output(me).query(async ({ ctx: { classroom, person } }) => ({
    person: person ? { ...person, initials: initialsOf(person.name) } : null,
    login: person ? await classroom.accounts.loginOf(person.id) : null,
    accounts: classroom.localPerson === undefined,
    classes: person ? await classroom.classes.listFor(person) : [],
  })),
})
