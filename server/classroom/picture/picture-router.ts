import { z } from 'zod'
import type { PicturePush } from '../api/contract.ts'
import { learnerProcedure, router, streamOf } from '../api/trpc.ts'
import { watchPicture } from './watch-picture.ts'

// Trace events are ours from end to end and come by the thousand, so only the frame around them is looked at.
const push = z.custom<PicturePush>((value) => typeof value === 'object' && value !== null && 'events' in value)

export const pictureRouter = router({
  watch: learnerProcedure
    .input(z.object({ sessionId: z.string(), since: z.int().min(0).optional() }))
    .output(streamOf(push))
    .subscription(async function* ({ input: { sessionId, since }, ctx: { classroom, learnerId }, signal }) {
      const until = signal ?? new AbortController().signal
      const session = await classroom.sessions.get(learnerId, sessionId)
      const sandbox = await session.whenSandbox(until)
      if (sandbox) yield* watchPicture({ host: classroom.host, sandbox, since, signal: until })
    }),
})
