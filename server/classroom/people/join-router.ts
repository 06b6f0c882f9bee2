import { z } from 'zod'
import { enter } from '../accounts/account-router.ts'
import { newAccount, openCode, shownName } from '../api/people-contract.ts'
import { personProcedure, publicProcedure, router } from '../api/trpc.ts'

const code = z.object({ code: z.string().max(40) })

export const joinRouter = router({
  look: publicProcedure
    .input(code)
    .output(openCode)
    .query(({ ctx: { classroom, browser }, input }) => classroom.joinCodes.look(input.code, browser.address)),
  join: personProcedure
    .input(code)
    .output(z.object({ classId: z.string() }))
    .mutation(async ({ ctx: { classroom, person, browser }, input }) => ({
      classId: await classroom.joining.join(person, input.code, browser.address),
    })),
  withNewAccount: publicProcedure
    .input(code.extend({ account: newAccount }))
    .mutation(async ({ ctx, input }) =>
      enter(ctx, await ctx.classroom.joining.joinWithNewAccount(input.account, input.code, ctx.browser.address)),
    ),
  asGuest: publicProcedure
    .input(code.extend({ name: shownName }))
    .mutation(async ({ ctx, input }) =>
      enter(ctx, await ctx.classroom.joining.joinAsGuest(input.name, input.code, ctx.browser.address)),
    ),
})
