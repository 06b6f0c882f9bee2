// tRPC for the classroom: who asks, how errors are told, and how streams are declared.

import { initTRPC, TRPCError } from '@trpc/server'
import { z } from 'zod'
import type { Classroom } from '../classroom.ts'
import { ClassroomError, type ClassroomErrorCode } from '../classroom-error.ts'

interface Context {
  classroom: Classroom
  learnerId: string
}

const CODE_OF: Record<ClassroomErrorCode, TRPCError['code']> = {
  'lab-unknown': 'NOT_FOUND',
  'session-unknown': 'NOT_FOUND',
  'question-unknown': 'BAD_REQUEST',
  'hint-unknown': 'BAD_REQUEST',
  'step-not-reached': 'PRECONDITION_FAILED',
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

/** For whoever was let in by the guard: a learner. */
export const learnerProcedure = t.procedure.use(async ({ next }) => {
  const result = await next()
  if (!result.ok && result.error.cause instanceof ClassroomError) {
    const { cause } = result.error
    throw new TRPCError({ code: CODE_OF[cause.code], message: cause.message, cause })
  }
  return result
})

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
