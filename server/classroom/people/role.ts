import { z } from 'zod'

/** What a person is in a class. Assistants see and help; instructors also decide who is in it. */
export const role = z.enum(['learner', 'assistant', 'instructor'])
export type Role = z.infer<typeof role>

export const teaches = (of: Role): boolean => of !== 'learner'
