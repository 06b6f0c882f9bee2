import { z } from 'zod'
import { labView, sessionView } from '../api/contract.ts'
import { learnerProcedure, router } from '../api/trpc.ts'
import { ClassroomError } from '../classroom-error.ts'
import { labPage } from '../labs/lab-page.ts'

const input = z.object({ labId: z.string() })

export const labRouter = router({
  get: learnerProcedure
    .input(input)
    .output(labView)
    .query(({ input: { labId }, ctx: { classroom } }) => {
      const lab = classroom.labs.find(({ id }) => id === labId)
      if (!lab) throw new ClassroomError('lab-unknown', `There is no lab "${labId}".`)
      return labPage(lab, classroom.labs)
    }),
  start: learnerProcedure
    .input(input)
    .output(sessionView)
    .mutation(async ({ input: { labId }, ctx: { classroom, learnerId } }) =>
      (await classroom.sessions.start(learnerId, labId)).view(),
    ),
})
