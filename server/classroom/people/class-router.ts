import { z } from 'zod'
import type { Person } from '../accounts/person.ts'
import { classPage, classRow, shownName } from '../api/people-contract.ts'
import { instructorProcedure, personProcedure, router, teacherProcedure } from '../api/trpc.ts'
import type { Classroom } from '../classroom.ts'
import type { ClassAsSeen } from './classes.ts'
import { role } from './role.ts'

const about = z.object({ personId: z.string() })

/** Every change is answered with how the class stands then. */
const pageAfter = async (
  { classroom, person, class: { id } }: ClassAsSeen & { classroom: Classroom; person: Person },
  change: Promise<void>,
) => {
  await change
  return classroom.classes.page(await classroom.classes.seenBy(person, id))
}

export const classRouter = router({
  list: personProcedure
    .output(z.array(classRow))
    .query(({ ctx: { classroom, person } }) => classroom.classes.listFor(person)),
  create: personProcedure
    .input(z.object({ name: shownName }))
    .output(z.object({ classId: z.string() }))
    .mutation(async ({ ctx: { classroom, person }, input }) => ({
      classId: await classroom.classes.create(person, input.name),
    })),
  page: teacherProcedure.output(classPage).query(({ ctx }) => ctx.classroom.classes.page(ctx)),
  rename: instructorProcedure
    .input(z.object({ name: shownName }))
    .output(classPage)
    .mutation(({ ctx, input: { classId, name } }) => pageAfter(ctx, ctx.classroom.classes.rename(classId, name))),
  setArchived: instructorProcedure
    .input(z.object({ isArchived: z.boolean() }))
    .output(classPage)
    .mutation(({ ctx, input: { classId, isArchived } }) =>
      pageAfter(ctx, ctx.classroom.classes.setArchived(classId, isArchived)),
    ),
  setPreviews: instructorProcedure
    .input(z.object({ previews: z.boolean() }))
    .output(classPage)
    .mutation(({ ctx, input: { classId, previews } }) =>
      pageAfter(ctx, ctx.classroom.classes.setPreviews(classId, previews)),
    ),
  replaceCode: instructorProcedure
    .input(
      z.object({
        seats: z.int().min(1).max(1000).nullable(),
        guests: z.boolean(),
        validForHours: z
          .number()
          .positive()
          .max(24 * 365)
          .nullable(),
      }),
    )
    .output(classPage)
    .mutation(({ ctx, input: { classId, ...rules } }) =>
      pageAfter(ctx, ctx.classroom.joinCodes.replace(classId, rules)),
    ),
  closeCode: instructorProcedure
    .output(classPage)
    .mutation(({ ctx, input }) => pageAfter(ctx, ctx.classroom.joinCodes.close(input.classId))),
  addMember: instructorProcedure
    .input(z.object({ login: z.string().trim().max(60), role }))
    .output(classPage)
    .mutation(({ ctx, input: { classId, login, role: as } }) =>
      pageAfter(ctx, ctx.classroom.classes.add(classId, { login, as, by: ctx.person })),
    ),
  setRole: instructorProcedure
    .input(about.extend({ role }))
    .output(classPage)
    .mutation(({ ctx, input }) =>
      pageAfter(ctx, ctx.classroom.classes.setRole(input.classId, input.personId, input.role)),
    ),
  removeMember: instructorProcedure
    .input(about)
    .output(classPage)
    .mutation(({ ctx, input }) => pageAfter(ctx, ctx.classroom.classes.remove(input.classId, input.personId))),
})
