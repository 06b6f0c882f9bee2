// The see-through for the pages: thin, everything is done in observe/.

import { z } from 'zod'
import type {
  AccessPush,
  ClusterHistory,
  NetworkMoment,
  NetworkPush,
  ObjectsPush,
  PastMoment,
  PicturePush,
  SelectedPush,
  TracedRequest,
} from '../../observe/index.ts'
import { lookingProcedure, router, streamOf } from '../api/trpc.ts'
import { ClassroomError } from '../classroom-error.ts'
import type { Sandbox } from '../sandboxes/sandbox.ts'

// Events and objects are ours from end to end and come by the thousand, so only the frame around them is looked at.
const framed = <T>(mark: keyof T & string) =>
  z.custom<T>((value) => typeof value === 'object' && value !== null && mark in value)

/** The cluster of a session, waited for: one's own, or that of somebody one teaches. */
const sandboxProcedure = lookingProcedure.use(({ next, ctx, signal }) => {
  const until = signal ?? new AbortController().signal
  return next({ ctx: { until, sandbox: () => ctx.session.whenSandbox(until) } })
})

/** A stream out of the sandbox, once there is one. */
async function* streamFrom<T>(
  { sandbox }: { sandbox: () => Promise<Sandbox | undefined> },
  open: (sandbox: Sandbox) => AsyncGenerator<T>,
): AsyncGenerator<T> {
  const there = await sandbox()
  if (there) yield* open(there)
}

const gate = z.object({ client: z.string(), held: z.boolean(), steps: z.number(), everyMs: z.number() })
const loops = z.union([z.literal('all'), z.array(z.string()).max(64)])
const order = z.discriminatedUnion('action', [
  z.object({ action: z.enum(['hold', 'step', 'release']), loops }),
  z.object({ action: z.literal('slow'), loops, everyMs: z.int().min(0).max(60_000) }),
])

const NAME = z.string().max(253)
const accessQuestion = z.object({
  who: z.object({ name: NAME, groups: z.array(NAME).max(64) }).optional(),
  wish: z.object({
    verb: NAME,
    group: NAME.optional(),
    resource: NAME,
    subresource: NAME,
    namespace: NAME,
    name: NAME,
    path: z.string().max(1000),
  }),
})
const versionsQuery = z.object({
  group: NAME,
  resource: NAME,
  namespace: NAME,
  name: NAME,
  upTo: z.int().min(1).optional(),
  limit: z.int().min(1).max(50),
})
const versionsAnswer = z.object({
  versions: z.array(z.object({ revision: z.number(), object: z.record(z.string(), z.unknown()) })),
  isWhole: z.boolean(),
  compactRevision: z.number(),
})

const traceQuestion = z.object({
  from: z.union([
    z.object({ pod: z.object({ namespace: NAME, name: NAME }) }),
    z.object({ machine: NAME }),
    z.object({ terminal: z.literal(true) }),
  ]),
  to: z.string().max(300),
  protocol: z.enum(['tcp', 'udp']),
})

export const pictureRouter = router({
  watch: sandboxProcedure
    .input(z.object({ since: z.int().min(0).optional() }))
    .output(streamOf(framed<PicturePush>('events')))
    .subscription(({ ctx, input }) => streamFrom(ctx, ({ observer }) => observer.watchPicture(input.since, ctx.until))),
  objects: sandboxProcedure
    .output(streamOf(framed<ObjectsPush>('objects')))
    .subscription(({ ctx }) => streamFrom(ctx, ({ observer }) => observer.objects.watch(ctx.until))),
  selected: sandboxProcedure
    .input(z.object({ selector: z.string().max(1000), namespace: NAME }))
    .output(streamOf(framed<SelectedPush>('uids')))
    .subscription(({ ctx, input }) =>
      streamFrom(ctx, ({ observer }) => observer.objects.watchSelected(input, ctx.until)),
    ),
  access: sandboxProcedure
    .input(z.object({ question: accessQuestion }))
    .output(streamOf(framed<AccessPush>('holders')))
    .subscription(({ ctx, input }) =>
      streamFrom(ctx, ({ observer }) => observer.access.watch(input.question, ctx.until)),
    ),
  accessAt: sandboxProcedure
    .input(z.object({ question: accessQuestion, revision: z.int().min(1) }))
    .output(framed<AccessPush>('holders').nullable())
    .query(async ({ ctx, input }) => {
      const { question, revision } = input
      return (await (await ctx.sandbox())?.observer.accessAt({ revision, question })) ?? null
    }),
  network: sandboxProcedure
    .output(streamOf(framed<NetworkPush>('connections')))
    .subscription(({ ctx }) => streamFrom(ctx, ({ observer }) => observer.network.watch(ctx.until))),
  networkAt: sandboxProcedure
    .input(z.object({ revision: z.int().min(1) }))
    .output(framed<NetworkMoment>('services').nullable())
    .query(async ({ ctx, input }) => (await (await ctx.sandbox())?.observer.networkAt(input.revision)) ?? null),
  /** A request of the learner's own Pods: nobody else makes it. Words where it cannot be made. */
  trace: sandboxProcedure
    .input(z.object({ question: traceQuestion }))
    .output(z.union([framed<TracedRequest>('hops'), z.string()]))
    .mutation(async ({ ctx, input }) => {
      if (!ctx.own) throw new ClassroomError('not-allowed', 'Requests in this cluster are the learner’s to make.')
      const sandbox = await ctx.sandbox()
      return (await sandbox?.observer.trace(input.question, sandbox.callFromTerminal)) ?? 'There is no cluster yet.'
    }),
  versions: sandboxProcedure
    .input(z.object({ object: versionsQuery }))
    .output(versionsAnswer.nullable())
    .query(async ({ ctx, input }) => {
      const { upTo, ...object } = input.object
      const answer = await (await ctx.sandbox())?.observer.versions({ ...object, ...(upTo ? { upTo } : {}) })
      return (answer as z.infer<typeof versionsAnswer> | undefined) ?? null
    }),
  history: sandboxProcedure
    .output(framed<ClusterHistory>('changes').nullable())
    .query(async ({ ctx }) => (await (await ctx.sandbox())?.observer.history()) ?? null),
  past: sandboxProcedure
    .input(z.object({ revision: z.int().min(1) }))
    .output(framed<PastMoment>('objects').nullable())
    .query(async ({ ctx, input }) => (await (await ctx.sandbox())?.observer.past(input.revision)) ?? null),
  steer: sandboxProcedure
    .input(z.object({ order }))
    .output(z.array(gate))
    .mutation(async ({ ctx, input }) => {
      if (!ctx.own) throw new ClassroomError('not-allowed', 'These loops are the learner’s to hold.')
      ctx.classroom.teaching.expectNotPaused(ctx.session.learnerId)
      return (await (await ctx.sandbox())?.observer.steer(input.order)) ?? []
    }),
})
