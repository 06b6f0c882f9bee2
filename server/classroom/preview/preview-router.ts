import { z } from 'zod'
import { lookingProcedure, router } from '../api/trpc.ts'
import { ClassroomError } from '../classroom-error.ts'
import { doorsOf } from './doors.ts'
import { readOutside } from './read-outside.ts'

const door = z.object({
  kind: z.enum(['LoadBalancer', 'NodePort', 'Ingress', 'Gateway']),
  namespace: z.string(),
  name: z.string(),
  /** As it is typed into a browser, without a path. */
  url: z.string(),
})

export const previewRouter = router({
  /** By which the learner's cluster can be entered from a browser now, by who teaches them as well; none on simulated machines. */
  doors: lookingProcedure.output(z.array(door)).query(async ({ ctx: { session }, signal }) => {
    const sandbox = await session.whenSandbox(signal ?? new AbortController().signal)
    return sandbox?.info.network ? doorsOf(await readOutside(sandbox.watch.client, signal)) : []
  }),
  /** Where in the classroom that door's root is seen, until it is closed or the cluster is another. */
  open: lookingProcedure
    .input(z.object({ url: z.string().max(500) }))
    .output(z.object({ path: z.string() }))
    .mutation(async ({ ctx: { classroom, session, person }, input: { url }, signal }) => {
      if (!(await classroom.classes.mayPreview(session.learnerId))) {
        throw new ClassroomError('not-allowed', 'Previews are turned off in your class.')
      }
      const sandbox = await session.whenSandbox(signal ?? new AbortController().signal)
      const network = sandbox?.info.network
      if (!network) throw new ClassroomError('no-cluster', 'There is no cluster with machines yet.')
      const found = doorsOf(await readOutside(sandbox.watch.client, signal)).find((each) => each.url === url)
      if (!found) throw new ClassroomError('door-closed', `Nothing in your cluster is reached at ${url} now.`)
      const { cluster } = sandbox
      const isOpen = () => classroom.sessions.has(session, cluster)
      const who = { personId: person.id, learnerId: session.learnerId }
      return { path: classroom.previews.open({ ...who, door: found, network, isOpen }) }
    }),
})
