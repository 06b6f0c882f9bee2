import { z } from 'zod'
import { router, sessionProcedure } from '../api/trpc.ts'
import { ClassroomError } from '../classroom-error.ts'

/** For procedures about the learner's own cluster. */
const clusterProcedure = sessionProcedure.use(async ({ next, ctx, signal }) => {
  const sandbox = await ctx.session.whenSandbox(signal ?? new AbortController().signal)
  if (!sandbox) throw new ClassroomError('no-cluster', 'There is no cluster yet.')
  return next({ ctx: { sandbox } })
})

const index = z.object({ paths: z.record(z.string(), z.object({ serverRelativeURL: z.string() })) })
/** What a manifest is held against: schemas by name, as the API server says them. */
const document = z.object({ components: z.object({ schemas: z.record(z.string(), z.unknown()) }) })
const groupVersion = z.string().regex(/^(api\/v\d\w*|apis\/[a-z0-9.-]+\/v\d\w*)$/)

/** Groups may be served by a server of the learner's. */
const mostBytes = 16 * 1024 ** 2

export const clusterRouter = router({
  /** For a kubectl of the learner's own on this host. `server` is where its API server listens. */
  kubeconfig: clusterProcedure
    .output(z.object({ text: z.string(), cluster: z.string(), server: z.string() }))
    .query(({ ctx: { sandbox } }) => {
      const { kubeconfig, server } = sandbox.info
      return { text: kubeconfig, cluster: sandbox.cluster, server }
    }),
  /** Which group versions have a document, each with its address, which changes when the document does. */
  openApiIndex: clusterProcedure
    .output(z.record(z.string(), z.string()))
    .query(async ({ ctx: { sandbox }, signal }) => {
      const { transport } = sandbox.watch.client
      const { paths } = index.parse(await transport.request({ method: 'GET', path: '/openapi/v3', signal, mostBytes }))
      return Object.fromEntries(Object.entries(paths).map(([path, { serverRelativeURL }]) => [path, serverRelativeURL]))
    }),
  openApi: clusterProcedure
    .input(z.object({ groupVersion }))
    .output(z.record(z.string(), z.unknown()))
    .query(async ({ ctx: { sandbox }, input, signal }) => {
      const { transport } = sandbox.watch.client
      const path = `/openapi/v3/${input.groupVersion}`
      return document.parse(await transport.request({ method: 'GET', path, signal, mostBytes })).components.schemas
    }),
})
