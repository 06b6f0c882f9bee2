// What a learner hears from those who teach, and says to them. A page that listens to the news is somebody who is here.

import { z } from 'zod'
import { personProcedure, router, streamOf } from '../api/trpc.ts'
import { newsView } from './wall-view.ts'
import { watchChanges } from './watch-changes.ts'

export const newsRouter = router({
  watch: personProcedure.output(streamOf(newsView)).subscription(async function* ({
    ctx: { classroom, person },
    signal,
  }) {
    const { teaching, clock } = classroom
    using _ = teaching.attendance.arrive(person.id)
    yield* watchChanges({
      read: () => teaching.news(person.id),
      onChange: (listener) => teaching.onChange(listener),
      clock,
      atMostEveryMs: 250,
      atLeastEveryMs: 60_000,
      signal: signal ?? new AbortController().signal,
    })
  }),
  raiseHand: personProcedure
    .input(z.object({ words: z.string().trim().max(200) }))
    .mutation(({ ctx: { classroom, person }, input }) => classroom.teaching.hands.raise(person.id, input.words)),
  lowerHand: personProcedure.mutation(({ ctx: { classroom, person } }) => classroom.teaching.hands.lower(person.id)),
  read: personProcedure
    .input(z.object({ noteId: z.string() }))
    .mutation(({ ctx: { classroom, person }, input }) => classroom.teaching.notes.read(person.id, input.noteId)),
  answerKeyboard: personProcedure
    .input(z.object({ allow: z.boolean() }))
    .mutation(({ ctx: { classroom, person }, input }) => classroom.teaching.keyboards.answer(person.id, input.allow)),
  takeKeyboardBack: personProcedure.mutation(({ ctx: { classroom, person } }) =>
    classroom.teaching.keyboards.end(person.id),
  ),
})
