// What the instructor's wall is sent. Times are epoch milliseconds of the server; the page counts from `now`.

import { z } from 'zod'

const hand = z.object({ words: z.string(), since: z.number(), takenBy: z.string() })

export const tile = z.object({
  learnerId: z.string(),
  name: z.string(),
  /** Of the lab they are in; what a page needs to look at it. */
  sessionId: z.string().nullable(),
  state: z.enum(['stuck', 'offline', 'failing', 'waiting', 'working', 'away', 'done']),
  /** 0 when not stuck. */
  stuckSince: z.number(),
  /** Why we think that they are stuck; empty when not. */
  why: z.string(),
  hand: hand.nullable(),
  lab: z
    .object({ id: z.string(), number: z.string(), title: z.string(), step: z.number(), steps: z.number() })
    .nullable(),
  /** The first check that does not hold. */
  check: z.object({ aim: z.string(), message: z.string(), tries: z.number() }).nullable(),
  command: z.object({ text: z.string(), at: z.number(), by: z.string() }).nullable(),
  /** A page of theirs is open. */
  here: z.boolean(),
  /** When their last page was closed; 0 while one is open, or never was. */
  leftAt: z.number(),
  sandbox: z.enum(['none', 'starting', 'ready', 'asleep']),
  nodes: z.array(z.object({ name: z.string(), ready: z.boolean() })),
  /** Their shells, as they have them. */
  tabs: z.array(z.object({ name: z.string(), title: z.string() })),
  /** Loops that are held in their cluster. */
  held: z.number(),
  /** Their keyboard rests, because somebody who teaches has paused them. */
  paused: z.boolean(),
})
export type Tile = z.infer<typeof tile>

export const wallView = z.object({
  now: z.number(),
  /** `joinCode`: where one works now. */
  class: z.object({ id: z.string(), name: z.string(), joinCode: z.string().nullable() }),
  /** The lab that the class is at: the one the instructor opened, or else the one that most are in. */
  lab: z.object({ id: z.string(), number: z.string(), title: z.string(), steps: z.array(z.string()) }).nullable(),
  /** In the order in which an instructor should look. */
  tiles: z.array(tile),
  /** What the class thought would happen, at the step where most are. */
  prediction: z
    .object({
      step: z.number(),
      question: z.string(),
      answered: z.number(),
      options: z.array(z.object({ text: z.string(), count: z.number(), correct: z.boolean() })),
    })
    .nullable(),
  announcement: z.object({ id: z.string(), text: z.string(), at: z.number() }).nullable(),
  memory: z.object({ usedPercent: z.number() }),
})
export type WallView = z.infer<typeof wallView>

/** Of a learner's cluster and lab. */
export const snapshotView = z.object({
  slot: z.number(),
  at: z.number(),
  /** Who took it, by name. */
  by: z.string(),
  /** Where the lab stood. */
  step: z.number(),
})
export type SnapshotView = z.infer<typeof snapshotView>

export const gradeBook = z.object({
  labs: z.array(z.object({ id: z.string(), number: z.string(), title: z.string(), steps: z.number() })),
  learners: z.array(
    z.object({
      learnerId: z.string(),
      name: z.string(),
      /** By lab id; a lab that was never opened is not there. */
      grades: z.record(
        z.string(),
        z.object({ credit: z.number(), attempts: z.number(), hints: z.number(), done: z.boolean() }),
      ),
    }),
  ),
})
export type GradeBook = z.infer<typeof gradeBook>

/** What a learner is told of their classes while they work. */
export const newsView = z.object({
  /** From those who teach: to the class, or to this learner alone. */
  notes: z.array(
    z.object({
      id: z.string(),
      isHint: z.boolean(),
      from: z.string(),
      text: z.string(),
      at: z.number(),
      labId: z.string(),
    }),
  ),
  hand: hand.nullable(),
  /** The lab that the instructor has opened for everybody. */
  openLab: z.object({ labId: z.string(), number: z.string(), title: z.string() }).nullable(),
  /** Somebody who teaches asks for the keyboard, or has it. */
  keyboard: z.object({ by: z.string(), state: z.enum(['asked', 'given']) }).nullable(),
  /** Somebody who teaches has paused them: loops are held, and keys reach no shell. */
  paused: z.object({ by: z.string() }).nullable(),
  /** Somebody who teaches shows this person's screen to the class. */
  projected: z.object({ by: z.string() }).nullable(),
  /** Classes in which this person learns; without one nobody sees a raised hand. */
  inClass: z.boolean(),
})
export type NewsView = z.infer<typeof newsView>
