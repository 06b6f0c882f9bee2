import { z } from 'zod'
import { sessionView } from '../api/contract.ts'
import { lookingProcedure, router, sessionProcedure, streamOf } from '../api/trpc.ts'
import type { LabSession } from './lab-session.ts'
import { watchSession } from './watch-session.ts'

/** Does something, and answers with how things stand then. */
const after = (session: LabSession, act: () => void) => {
  act()
  return session.view()
}

export const sessionRouter = router({
  watch: lookingProcedure.output(streamOf(sessionView)).subscription(async function* ({
    ctx: { classroom, session },
    signal,
  }) {
    using _ = classroom.absence.arrive(session.learnerId)
    yield* watchSession(session, signal ?? new AbortController().signal)
  }),
  /** Somebody is there: keys or a pointer move on a page of this lab. Wakes nothing that sleeps already. */
  stir: lookingProcedure
    .output(z.void())
    .mutation(({ ctx: { classroom, session } }) => classroom.absence.stir(session.learnerId)),
  goTo: sessionProcedure
    .input(z.object({ step: z.int() }))
    .output(sessionView)
    .mutation(({ ctx, input }) => after(ctx.session, () => ctx.session.goTo(input.step))),
  answer: sessionProcedure
    .input(z.object({ questionId: z.string(), choice: z.int() }))
    .output(sessionView)
    .mutation(({ ctx, input }) => after(ctx.session, () => ctx.session.answer(input.questionId, input.choice))),
  typeAnswer: sessionProcedure
    .input(z.object({ answerId: z.string(), text: z.string().max(200) }))
    .output(sessionView)
    .mutation(({ ctx, input }) => after(ctx.session, () => ctx.session.typeAnswer(input.answerId, input.text))),
  openHint: sessionProcedure
    .input(z.object({ hintId: z.string() }))
    .output(sessionView)
    .mutation(({ ctx, input }) => after(ctx.session, () => ctx.session.openHint(input.hintId))),
  /** To the start of the lab, or of a step that was reached. */
  reset: sessionProcedure
    .input(z.object({ step: z.int().optional() }))
    .output(sessionView)
    .mutation(({ ctx, input }) => {
      ctx.classroom.teaching.expectNotPaused(ctx.learnerId)
      return after(ctx.session, () => void ctx.classroom.sessions.reset(ctx.session, input.step))
    }),
})
