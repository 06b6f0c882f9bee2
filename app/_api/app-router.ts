// The type of the classroom's router as its contract promises it, until the router itself can be imported.
// Only its type is ever used; nothing here reaches the browser.

import { initTRPC } from '@trpc/server'
import { z } from 'zod'
import type { CourseView, LabView, PicturePush, SessionView } from '../../server/classroom/api/contract.ts'

const t = initTRPC.create()
const session = z.object({ sessionId: z.string() })
const lab = z.object({ labId: z.string() })
declare function answer<T>(): T

const router = t.router({
  course: t.router({ overview: t.procedure.query(() => answer<CourseView>()) }),
  lab: t.router({
    get: t.procedure.input(lab).query(() => answer<LabView>()),
    start: t.procedure.input(lab).mutation(() => answer<SessionView>()),
  }),
  session: t.router({
    watch: t.procedure.input(session).subscription(() => answer<AsyncGenerator<SessionView>>()),
    goTo: t.procedure.input(session.extend({ step: z.number() })).mutation(() => answer<SessionView>()),
    answer: t.procedure
      .input(session.extend({ questionId: z.string(), choice: z.number() }))
      .mutation(() => answer<SessionView>()),
    openHint: t.procedure.input(session.extend({ hintId: z.string() })).mutation(() => answer<SessionView>()),
    reset: t.procedure.input(session).mutation(() => answer<SessionView>()),
  }),
  picture: t.router({
    watch: t.procedure
      .input(session.extend({ since: z.number().optional() }))
      .subscription(() => answer<AsyncGenerator<PicturePush>>()),
  }),
})

export type AppRouter = typeof router
