// What the pages and the classroom say to each other about people. See contract.ts for the rest.

import { z } from 'zod'
import { role } from '../people/role.ts'

/** Control characters, and those that turn round what is written after them: a name stands among others' words. */
const disturbing = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u

/** A person's name, or a class's, as it is shown. */
export const shownName = z
  .string()
  .trim()
  .min(1, 'A name is needed.')
  .max(60, 'At most 60 letters.')
  .refine((name) => /[\p{L}\p{N}\p{P}\p{S}]/u.test(name), 'A name is needed that can be seen.')
  .refine(
    (name) => !disturbing.test(name),
    'A name without control characters, and without those that turn writing round.',
  )
export const loginName = z
  .string()
  .trim()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}._@+-]{1,59}$/u, 'Two or more letters, digits or . _ - @, without blanks.')
export const newPassword = z.string().min(10, 'At least 10 characters.').max(200, 'At most 200 characters.')
export const newAccount = z
  .object({ login: loginName, name: shownName, password: newPassword })
  .refine(({ login, password }) => password.toLowerCase() !== login.toLowerCase(), {
    message: 'A password that is not the name.',
    path: ['password'],
  })

export const classRow = z.object({
  id: z.string(),
  name: z.string(),
  isArchived: z.boolean(),
  /** Null for an administrator who is not in it. */
  role: role.nullable(),
  members: z.number(),
})
export type ClassRow = z.infer<typeof classRow>

/** Who looks at the page, and what belongs to them. */
export const me = z.object({
  person: z
    .object({ id: z.string(), name: z.string(), initials: z.string(), isAdmin: z.boolean(), isGuest: z.boolean() })
    .nullable(),
  /** What they log in with; null for guests and on loopback. */
  login: z.string().nullable(),
  /** Whether people log in here at all. */
  accounts: z.boolean(),
  classes: z.array(classRow),
})
export type Me = z.infer<typeof me>

export const openCode = z.object({ classId: z.string(), className: z.string(), guests: z.boolean() })
export type OpenCode = z.infer<typeof openCode>

export const classPage = z.object({
  id: z.string(),
  name: z.string(),
  isArchived: z.boolean(),
  /** Whether its learners may see in their browser what their clusters serve. */
  previews: z.boolean(),
  /** Of whoever looks. */
  role,
  joinCode: z
    .object({
      code: z.string(),
      seatsLeft: z.number().nullable(),
      guests: z.boolean(),
      /** Milliseconds since 1970. */
      expiresAt: z.number().nullable(),
    })
    .nullable(),
  /** Of the whole classroom: how many learners may have a cluster at once. */
  seats: z.object({ total: z.number(), taken: z.number(), waiting: z.number() }),
  members: z.array(
    z.object({
      personId: z.string(),
      name: z.string(),
      login: z.string().nullable(),
      isGuest: z.boolean(),
      role,
      joinedAt: z.number(),
    }),
  ),
})
export type ClassPage = z.infer<typeof classPage>

export const accountRow = z.object({
  personId: z.string(),
  name: z.string(),
  login: z.string(),
  isAdmin: z.boolean(),
  isClosed: z.boolean(),
  classes: z.array(z.object({ name: z.string(), role })),
  /** When they were last here; milliseconds since 1970. */
  seenAt: z.number().nullable(),
})
export type AccountRow = z.infer<typeof accountRow>

/**
 * The procedures, and for whom they are (api/trpc.ts; walked by access.test.ts):
 *
 *   people.me                                     anybody       → Me
 *   account.logIn { login, password }             anybody
 *   account.createAdministrator { token, account } anybody with a one-time link
 *   account.logOut · account.changePassword { current, next }   people
 *   join.look { code }                            anybody       → OpenCode
 *   join.join { code }                            people        → { classId }
 *   join.withNewAccount { code, account } · join.asGuest { code, name }  anybody
 *   class.list · class.create { name }            people; create is for administrators and instructors
 *   class.page { classId }                        those who teach it → ClassPage
 *   class.rename · class.setArchived · class.setPreviews · class.replaceCode · class.closeCode
 *   class.addMember · class.setRole · class.removeMember   its instructors → ClassPage
 *   admin.accounts · admin.createAccount · admin.setAdmin · admin.setClosed · admin.resetPassword · admin.logOut
 */
