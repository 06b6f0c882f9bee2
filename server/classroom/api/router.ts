// The classroom's API, as contract.ts lists it. Thin on purpose: what is done is done in the rooms.

import { accountRouter } from '../accounts/account-router.ts'
import { adminRouter } from '../accounts/admin-router.ts'
import { courseRouter } from '../courses/course-router.ts'
import { filesRouter } from '../files/files-router.ts'
import { labRouter } from '../grading/lab-router.ts'
import { sessionRouter } from '../grading/session-router.ts'
import { classRouter } from '../people/class-router.ts'
import { joinRouter } from '../people/join-router.ts'
import { peopleRouter } from '../people/people-router.ts'
import { pictureRouter } from '../picture/picture-router.ts'
import { previewRouter } from '../preview/preview-router.ts'
import { clusterRouter } from '../sandboxes/cluster-router.ts'
import { newsRouter } from '../teaching/news-router.ts'
import { teachRouter } from '../teaching/teach-router.ts'
import { terminalRouter } from '../terminals/terminal-router.ts'
import { router } from './trpc.ts'

export const appRouter = router({
  people: peopleRouter,
  account: accountRouter,
  join: joinRouter,
  class: classRouter,
  admin: adminRouter,
  course: courseRouter,
  lab: labRouter,
  session: sessionRouter,
  picture: pictureRouter,
  cluster: clusterRouter,
  terminal: terminalRouter,
  files: filesRouter,
  preview: previewRouter,
  teach: teachRouter,
  news: newsRouter,
})

export type AppRouter = typeof appRouter
