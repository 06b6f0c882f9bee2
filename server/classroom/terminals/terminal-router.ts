import { z } from 'zod'
import { router, sessionProcedure } from '../api/trpc.ts'
import { ClassroomError } from '../classroom-error.ts'
import { NoShells } from './shell.ts'

/** For procedures about the tabs of one session, once there is a cluster for it. Which tabs there are is in its view. */
const roomProcedure = sessionProcedure.use(async ({ next, ctx, signal }) => {
  const room = await ctx.session.terminals(signal ?? new AbortController().signal)
  if (!room) throw new ClassroomError('no-terminal', 'There is no terminal yet.')
  return next({ ctx: { room } })
})

export const terminalRouter = router({
  /** A new shell; with `machine`, one on that machine, or the tab that is there for it already unless `another` is wanted. */
  open: roomProcedure
    .input(z.object({ machine: z.string().max(55).optional(), another: z.boolean().optional() }))
    .output(z.object({ tab: z.string() }))
    .mutation(({ ctx, input }) => {
      try {
        return { tab: ctx.room.add(input.machine, { another: input.another ?? false }) }
      } catch (err) {
        if (err instanceof NoShells) throw new ClassroomError('no-terminal', err.message)
        throw err
      }
    }),
  /** The command that has the keyboard there: what is typed goes to that, and not to the shell; or to a line that was begun. */
  running: roomProcedure
    .input(z.object({ tab: z.string() }))
    .output(z.object({ running: z.string(), isUnfinished: z.boolean() }))
    .query(async ({ ctx, input }) => ({
      running: await ctx.room.running(input.tab),
      isUnfinished: await ctx.room.isUnfinished(input.tab),
    })),
  /** Answers with the command that still runs there, and then nothing was closed unless `force` says so. */
  close: roomProcedure
    .input(z.object({ tab: z.string(), force: z.boolean() }))
    .output(z.object({ running: z.string() }))
    .mutation(({ ctx, input }) => ctx.room.remove(input.tab, input)),
})
