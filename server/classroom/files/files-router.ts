import { z } from 'zod'
import { router, sessionProcedure } from '../api/trpc.ts'
import { ClassroomError } from '../classroom-error.ts'
import { NoShells } from '../terminals/shell.ts'

const file = z.object({ path: z.string() })
const version = z.object({ version: z.string() })

/** For procedures about the files of one learner, in the container that their terminal is in. */
const filesProcedure = sessionProcedure.use(async ({ next, ctx, signal }) => {
  const sandbox = await ctx.session.whenSandbox(signal ?? new AbortController().signal)
  if (!sandbox) throw new ClassroomError('no-terminal', 'There is no terminal yet.')
  const result = await next({ ctx: { files: sandbox.files } })
  if (!result.ok && result.error.cause instanceof NoShells) {
    throw new ClassroomError('no-terminal', 'Files are kept in your terminal, and there is none here.')
  }
  return result
})

export const filesRouter = router({
  list: filesProcedure
    .output(z.array(z.object({ path: z.string(), bytes: z.number() })))
    .query(({ ctx }) => ctx.files.list()),
  read: filesProcedure
    .input(file)
    .output(version.extend({ text: z.string() }))
    .query(({ ctx, input }) => ctx.files.read(input.path)),
  /** `version` is the one that was read, or null for a file that shall be new. */
  write: filesProcedure
    .input(file.extend({ text: z.string(), version: z.string().nullable() }))
    .output(version)
    .mutation(({ ctx, input }) => ctx.files.write(input.path, input.text, input.version)),
  rename: filesProcedure
    .input(file.extend({ to: z.string() }))
    .mutation(({ ctx, input }) => ctx.files.rename(input.path, input.to)),
  remove: filesProcedure.input(file).mutation(({ ctx, input }) => ctx.files.remove(input.path)),
})
