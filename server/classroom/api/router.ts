// The classroom's API, as contract.ts lists it. Thin on purpose: what is done is done in the rooms.

import { courseRouter } from '../courses/course-router.ts'
import { labRouter } from '../grading/lab-router.ts'
import { sessionRouter } from '../grading/session-router.ts'
import { pictureRouter } from '../picture/picture-router.ts'
import { router } from './trpc.ts'

export const appRouter = router({
  course: courseRouter,
  lab: labRouter,
  session: sessionRouter,
  picture: pictureRouter,
})

export type AppRouter = typeof appRouter
