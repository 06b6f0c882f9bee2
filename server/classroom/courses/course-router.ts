import { courseView } from '../api/contract.ts'
import { learnerProcedure, router } from '../api/trpc.ts'

export const courseRouter = router({
  overview: learnerProcedure
    .output(courseView)
    .query(({ ctx: { classroom, learnerId } }) => classroom.courseOf(learnerId)),
})
