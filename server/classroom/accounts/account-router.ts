import { z } from 'zod'
import { newAccount, newPassword } from '../api/people-contract.ts'
import { type Context, personProcedure, publicProcedure, router } from '../api/trpc.ts'
import type { Person } from './person.ts'

/** The browser is this person's from now on; a login that it had before ends. */
export async function enter({ classroom, browser }: Pick<Context, 'classroom' | 'browser'>, person: Person) {
  if (browser.token) await classroom.logins.end(browser.token)
  browser.remember(await classroom.logins.open(person.id))
}

export const accountRouter = router({
  logIn: publicProcedure
    .input(z.object({ login: z.string().trim().max(60), password: z.string().max(200) }))
    .mutation(async ({ ctx, input }) => {
      const { address } = ctx.browser
      await enter(ctx, await ctx.classroom.accounts.logIn({ ...input, address }))
    }),
  createAdministrator: publicProcedure
    .input(z.object({ token: z.string(), account: newAccount }))
    .mutation(async ({ ctx, input: { token, account } }) =>
      enter(ctx, await ctx.classroom.accounts.createAdministrator(token, account)),
    ),
  logOut: personProcedure.mutation(async ({ ctx: { classroom, browser } }) => {
    if (browser.token) await classroom.logins.end(browser.token)
    browser.forget()
  }),
  changePassword: personProcedure
    .input(z.object({ current: z.string().max(200), next: newPassword }))
    .mutation(({ ctx: { classroom, person, browser }, input }) =>
      classroom.accounts.changePassword(person, { ...input, address: browser.address, token: browser.token }),
    ),
})
