// tRPC for the classroom: who asks, how errors are told, and how streams are declared.

import { initTRPC, TRPCError } from '@trpc/server'
import { z } from 'zod'
import type { Browser } from '../accounts/front-door.ts'
import type { Person } from '../accounts/person.ts'
import type { Classroom } from '../classroom.ts'
import { ClassroomError, type ClassroomErrorCode } from '../classroom-error.ts'
import { teaches } from '../people/role.ts'

export interface Context {
  classroom: Classroom
  /** Nobody yet, where people log in. */
  person: Person | undefined
  browser: Browser
}

const CODE_OF: Record<ClassroomErrorCode, TRPCError['code']> = {
  'lab-unknown': 'NOT_FOUND',
  'session-unknown': 'NOT_FOUND',
  'question-unknown': 'BAD_REQUEST',
  'hint-unknown': 'BAD_REQUEST',
  'step-not-reached': 'PRECONDITION_FAILED',
  'class-unknown': 'NOT_FOUND',
  'member-unknown': 'NOT_FOUND',
  'not-allowed': 'FORBIDDEN',
  'login-wrong': 'BAD_REQUEST',
  'login-taken': 'CONFLICT',
  'name-taken': 'CONFLICT',
  'account-unknown': 'BAD_REQUEST',
  'link-used': 'BAD_REQUEST',
  'code-wrong': 'BAD_REQUEST',
  'class-full': 'PRECONDITION_FAILED',
  'too-many-tries': 'TOO_MANY_REQUESTS',
  'no-cluster': 'PRECONDITION_FAILED',
  'no-terminal': 'PRECONDITION_FAILED',
  paused: 'PRECONDITION_FAILED',
  'snapshot-unknown': 'BAD_REQUEST',
  'file-unknown': 'NOT_FOUND',
  'file-exists': 'CONFLICT',
  'file-changed': 'CONFLICT',
  'file-refused': 'BAD_REQUEST',
  'door-closed': 'PRECONDITION_FAILED',
}

const t = initTRPC.context<Context>().create({
  sse: { ping: { enabled: true, intervalMs: 15_000 }, client: { reconnectAfterInactivityMs: 40_000 } },
  errorFormatter({ shape, error }) {
    const { stack: _, ...data } = shape.data
    // What nobody foresaw is told in the log; a learner is told only that it happened.
    const message =
      error.code === 'INTERNAL_SERVER_ERROR'
        ? 'Something went wrong in the classroom; its log says what.'
        : shape.message
    return { ...shape, message, data }
  },
})

export const router = t.router
export const createCallerFactory = t.createCallerFactory

// Who may call what is said by which of these a procedure is made of; access.test.ts walks all of them as everybody.

/** For anybody, also before they log in. */
export const publicProcedure = t.procedure.use(async ({ next }) => {
  const result = await next()
  if (!result.ok && result.error.cause instanceof ClassroomError) {
    const { cause } = result.error
    throw new TRPCError({ code: CODE_OF[cause.code], message: cause.message, cause })
  }
  return result
})

/** For whoever is logged in, guests too. */
export const personProcedure = publicProcedure.use(({ next, ctx: { person } }) => {
  if (!person) throw new TRPCError({ code: 'UNAUTHORIZED', message: 'Log in first.' })
  return next({ ctx: { person } })
})

/** For a person and their own things: their labs, their cluster, their terminals. */
export const learnerProcedure = personProcedure.use(({ next, ctx }) => next({ ctx: { learnerId: ctx.person.id } }))

/**
 * For a learner and one lab session of their own; somebody else's is not found. Adds `session`. What changes something
 * wakes it; pages that stay open ask things by themselves.
 */
export const sessionProcedure = learnerProcedure
  .input(z.object({ sessionId: z.string() }))
  .use(async ({ next, input, ctx: { classroom, learnerId }, type }) => {
    const session = await classroom.sessions.get(learnerId, input.sessionId)
    if (type === 'mutation') classroom.sessions.use(session)
    return next({ ctx: { session } })
  })

/** For whoever is in the class. Adds `class` and what the person is in it, as `role`. */
export const memberProcedure = personProcedure
  .input(z.object({ classId: z.string() }))
  .use(async ({ next, input, ctx }) => next({ ctx: await ctx.classroom.classes.seenBy(ctx.person, input.classId) }))

/** For those who teach the class: assistants, instructors, and administrators. */
export const teacherProcedure = memberProcedure.use(({ next, ctx }) => {
  if (!teaches(ctx.role)) throw notAllowed('This is for those who teach the class.')
  return next()
})

/** For those who teach, about one member: adds `learner`, who is in that class. The only way to somebody else's things. */
export const taughtProcedure = teacherProcedure
  .input(z.object({ learnerId: z.string() }))
  .use(async ({ next, input, ctx }) =>
    next({ ctx: { learner: await ctx.classroom.classes.member(input.classId, input.learnerId) } }),
  )

/** For whoever may look at a learner's lab: the learner, and those who teach them. Adds `session`. */
export const lookingProcedure = personProcedure
  .input(z.object({ sessionId: z.string() }))
  .use(async ({ next, input, ctx }) => next({ ctx: await ctx.classroom.lookAt(ctx.person, input.sessionId) }))

/** For the class's instructors and administrators: who is in it, and what it is. */
export const instructorProcedure = memberProcedure.use(({ next, ctx }) => {
  if (ctx.role !== 'instructor') throw notAllowed('This is for the instructors of the class.')
  return next()
})

export const adminProcedure = personProcedure.use(({ next, ctx }) => {
  if (!ctx.person.isAdmin) throw notAllowed('This is for administrators.')
  return next()
})

const notAllowed = (message: string) => new TRPCError({ code: 'FORBIDDEN', message })

/** A stream's declaration: each value is checked as it leaves. */
export function streamOf<T>(item: z.ZodType<T>) {
  return z
    .custom<AsyncIterable<unknown>>(
      (value) => typeof value === 'object' && value !== null && Symbol.asyncIterator in value,
    )
    .transform((stream) => checked(stream, item))
}

async function* checked<T>(stream: AsyncIterable<unknown>, item: z.ZodType<T>): AsyncGenerator<T, void, unknown> {
  for await (const value of stream) yield item.parse(value)
}
