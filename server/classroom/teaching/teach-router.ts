// What those who teach a class may ask for and do. Whom they do it to is in the procedure: a member of their class.

import { once } from 'node:events'
import { z } from 'zod'
import { router, streamOf, taughtProcedure, teacherProcedure } from '../api/trpc.ts'
import { gradesAsCsv } from './grade-book.ts'
import { gradeBook, snapshotView, wallView } from './wall-view.ts'
import { watchChanges } from './watch-changes.ts'

const text = z.string().trim().min(1).max(500)
/** One learner, or everybody in the class. */
const whom = z.object({ learnerId: z.string().optional() })
const count = z.object({ learners: z.number() })

const until = (signal: AbortSignal | undefined) => signal ?? new AbortController().signal

export const teachRouter = router({
  wall: teacherProcedure.output(streamOf(wallView)).subscription(({ ctx: { classroom }, input, signal }) =>
    watchChanges({
      read: () => classroom.teaching.wall(input.classId),
      onChange: (listener) => classroom.teaching.onChange(listener),
      clock: classroom.clock,
      atMostEveryMs: 500,
      atLeastEveryMs: 5000,
      signal: until(signal),
    }),
  ),

  announce: teacherProcedure
    .input(z.object({ text }))
    .mutation(({ ctx: { classroom, person }, input }) =>
      classroom.teaching.notes.announce(input.classId, person.name, input.text),
    ),
  withdraw: teacherProcedure.mutation(({ ctx: { classroom }, input }) =>
    classroom.teaching.notes.withdraw(input.classId),
  ),
  hint: taughtProcedure
    .input(z.object({ text }))
    .mutation(({ ctx: { classroom, person, learner }, input }) =>
      classroom.teaching.notes.hint(
        input.classId,
        { learnerId: learner.id, labId: classroom.teaching.sessionOf(learner).lab.id },
        person.name,
        input.text,
      ),
    ),
  openLab: teacherProcedure
    .input(z.object({ labId: z.string() }))
    .mutation(({ ctx: { classroom }, input }) => classroom.teaching.openLab(input.classId, input.labId)),

  takeHand: taughtProcedure.mutation(({ ctx: { classroom, person, learner } }) =>
    classroom.teaching.hands.take(learner.id, person.name),
  ),
  lowerHand: taughtProcedure.mutation(({ ctx: { classroom, learner } }) => classroom.teaching.hands.lower(learner.id)),
  askKeyboard: taughtProcedure
    .output(z.object({ asked: z.boolean() }))
    .mutation(({ ctx: { classroom, person, learner } }) => ({
      asked: classroom.teaching.keyboards.ask(learner.id, person),
    })),
  keyboard: taughtProcedure
    .output(streamOf(z.object({ state: z.enum(['none', 'asked', 'given', 'taken']), since: z.number() })))
    .subscription(async function* ({ ctx: { classroom, person, learner }, signal }) {
      const { keyboards } = classroom.teaching
      // Whoever looks away types no longer.
      using _ = { [Symbol.dispose]: () => keyboards.end(learner.id, person.id) }
      yield* watchChanges({
        read: async () => {
          const shared = keyboards.of(learner.id)
          if (!shared) return { state: 'none' as const, since: 0 }
          return { state: shared.teacherId === person.id ? shared.state : ('taken' as const), since: shared.since }
        },
        onChange: (listener) => classroom.teaching.onChange(listener),
        clock: classroom.clock,
        atMostEveryMs: 50,
        atLeastEveryMs: 60_000,
        signal: until(signal),
      })
    }),
  giveBackKeyboard: taughtProcedure.mutation(({ ctx: { classroom, person, learner } }) =>
    classroom.teaching.keyboards.end(learner.id, person.id),
  ),

  resetLab: taughtProcedure.mutation(({ ctx: { classroom, learner } }) => {
    void classroom.teaching.sessionOf(learner).reset()
  }),
  snapshots: taughtProcedure
    .output(z.array(snapshotView))
    .query(({ ctx: { classroom, learner } }) => classroom.teaching.snapshots.of(classroom.teaching.sessionOf(learner))),
  takeSnapshot: taughtProcedure.mutation(({ ctx: { classroom, person, learner } }) =>
    classroom.teaching.snapshots.take(classroom.teaching.sessionOf(learner), person.name),
  ),
  putBack: taughtProcedure
    .input(z.object({ slot: z.int(), keepNow: z.boolean() }))
    .mutation(({ ctx: { classroom, person, learner }, input: { slot, keepNow } }) =>
      classroom.teaching.snapshots.putBack(
        classroom.teaching.sessionOf(learner),
        slot,
        keepNow ? person.name : undefined,
      ),
    ),
  startAll: teacherProcedure.mutation(({ ctx: { classroom }, input }) => classroom.teaching.startAll(input.classId)),
  switchMachine: teacherProcedure
    .input(whom.extend({ machine: z.string().max(63), to: z.enum(['killed', 'started']) }))
    .output(count)
    .mutation(({ ctx: { classroom }, input }) => classroom.teaching.switchMachine(input)),
  pause: teacherProcedure
    .output(count)
    .mutation(({ ctx: { classroom, person }, input }) => classroom.teaching.pause(input.classId, person.name)),
  release: teacherProcedure
    .input(whom)
    .output(count)
    .mutation(({ ctx: { classroom }, input }) => classroom.teaching.release(input.classId, input.learnerId)),
  /** Shows the learner's screen to the class, for as long as one listens. */
  project: taughtProcedure.output(streamOf(z.object({ shown: z.literal(true) }))).subscription(async function* ({
    ctx: { classroom, person, learner },
    signal,
  }) {
    using _ = classroom.teaching.projectors.show(learner.id, person.name)
    yield { shown: true as const }
    if (signal && !signal.aborted) await once(signal, 'abort')
  }),

  grades: teacherProcedure
    .output(gradeBook)
    .query(({ ctx: { classroom }, input }) => classroom.teaching.gradeBook(input.classId)),
  gradesAsCsv: teacherProcedure
    .output(z.string())
    .query(async ({ ctx: { classroom }, input }) => gradesAsCsv(await classroom.teaching.gradeBook(input.classId))),
})
