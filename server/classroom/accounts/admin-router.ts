import { z } from 'zod'
import { accountRow, newAccount } from '../api/people-contract.ts'
import { adminProcedure, router } from '../api/trpc.ts'

const aboutPerson = adminProcedure.input(z.object({ personId: z.string() }))

export const adminRouter = router({
  accounts: adminProcedure.output(z.array(accountRow)).query(({ ctx: { classroom } }) => classroom.accounts.list()),
  createAccount: adminProcedure
    .input(newAccount)
    .mutation(async ({ ctx: { classroom }, input }) => void (await classroom.accounts.create(input))),
  setAdmin: aboutPerson
    .input(z.object({ isAdmin: z.boolean() }))
    .mutation(({ ctx: { classroom }, input }) => classroom.accounts.setAdmin(input.personId, input.isAdmin)),
  setClosed: aboutPerson
    .input(z.object({ isClosed: z.boolean() }))
    .mutation(({ ctx: { classroom }, input }) => classroom.accounts.setClosed(input.personId, input.isClosed)),
  /** Answers with the new password, which is shown once. */
  resetPassword: aboutPerson
    .output(z.object({ password: z.string() }))
    .mutation(async ({ ctx: { classroom }, input }) => ({
      password: await classroom.accounts.resetPassword(input.personId),
    })),
  logOut: aboutPerson.mutation(({ ctx: { classroom }, input }) => classroom.logins.endAll(input.personId)),
})
