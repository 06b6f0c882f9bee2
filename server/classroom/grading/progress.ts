// How far a learner has come in a lab: the rows behind one run, read as one value and written piece by piece.

import { randomUUID } from 'node:crypto'
import type { StepFlag } from '../api/contract.ts'
import type { Database } from '../database/open-database.ts'
import type { Before } from '../labs/cluster-view.ts'
import type { StepMarks } from './grade.ts'

export interface Progress {
  readonly runId: string
  readonly learnerId: string
  readonly labId: string
  /** The step the learner looks at. */
  step: number
  /** The step that is judged: the first one that has not been passed, or the last. */
  reached: number
  /** The last step whose objects are in the cluster. */
  entered: number
  before: Before
  /** Of the cluster as it is now; another cluster, or one that was put back, has none of them. */
  flags: readonly StepFlag[]
  /** Once done, a lab stays done in the course, also when it is taken again. */
  everDone: boolean
  readonly passed: Set<number>
  /** Of every step that was ever judged; what was reached once is not lost by a reset. */
  readonly marks: Map<number, StepMarks>
  readonly answers: Map<string, { choice: number; correct: boolean }>
  readonly typed: Map<string, string>
  readonly hints: Set<string>
}

/** Where somebody stands in a lab, to come back to. Answers and marks are theirs for good, and are not in it. */
export interface Standing {
  readonly step: number
  readonly reached: number
  readonly entered: number
  readonly before: Before
  readonly passed: readonly number[]
}

export const standingOf = ({ step, reached, entered, before, passed }: Progress): Standing => ({
  step,
  reached,
  entered,
  before,
  passed: [...passed],
})

const select = {
  id: true,
  learnerId: true,
  labId: true,
  step: true,
  reached: true,
  entered: true,
  before: true,
  flags: true,
  done: true,
  results: { select: { step: true, credit: true, attempts: true, passedAt: true } },
  answers: { select: { questionId: true, choice: true, correct: true } },
  typed: { select: { answerId: true, text: true } },
  hints: { select: { hintId: true } },
} as const

export class ProgressStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async ofRun(runId: string): Promise<Progress | undefined> {
    const row = await this.#database.labRun.findUnique({ where: { id: runId }, select })
    return row ? fromRow(row) : undefined
  }

  async ofLab(learnerId: string, labId: string): Promise<Progress> {
    const row = await this.#database.labRun.upsert({
      where: { learnerId_labId: { learnerId, labId } },
      create: { id: randomUUID(), learnerId, labId },
      update: {},
      select,
    })
    return fromRow(row)
  }

  /** Without `now` nobody works in it: what is written then is no sign that somebody is in this lab. */
  async save({ runId, step, reached, entered, before, flags, everDone }: Progress, now?: number): Promise<void> {
    const touched = now === undefined ? {} : { touchedAt: new Date(now) }
    const told = { before: JSON.stringify(before), flags: JSON.stringify(flags) }
    await this.#database.labRun.update({
      where: { id: runId },
      data: { step, reached, entered, ...told, done: everDone, ...touched },
      select: { id: true },
    })
  }

  /** Keeps a step's marks; `passedAt` is set once it is passed. */
  async mark(runId: string, step: number, marks: StepMarks, passedAt?: number): Promise<void> {
    const data = { ...marks, ...(passedAt === undefined ? {} : { passedAt: new Date(passedAt) }) }
    await this.#database.stepResult.upsert({
      where: { runId_step: { runId, step } },
      create: { runId, step, ...data },
      update: data,
      select: { step: true },
    })
  }

  async answer(runId: string, questionId: string, given: { choice: number; correct: boolean }): Promise<void> {
    await this.#database.answer.upsert({
      where: { runId_questionId: { runId, questionId } },
      create: { runId, questionId, ...given },
      update: given,
      select: { questionId: true },
    })
  }

  async typeAnswer(runId: string, answerId: string, text: string): Promise<void> {
    await this.#database.typedAnswer.upsert({
      where: { runId_answerId: { runId, answerId } },
      create: { runId, answerId, text },
      update: { text },
      select: { answerId: true },
    })
  }

  /** For whoever does these steps again: what was right in the cluster of before is not right in the next. */
  async forgetTyped({ runId, typed }: Progress, answerIds: readonly string[]): Promise<void> {
    for (const id of answerIds) typed.delete(id)
    await this.#database.typedAnswer.deleteMany({ where: { runId, answerId: { in: [...answerIds] } } })
  }

  async openHint(runId: string, hintId: string): Promise<void> {
    await this.#database.hintOpened.upsert({
      where: { runId_hintId: { runId, hintId } },
      create: { runId, hintId },
      update: {},
      select: { hintId: true },
    })
  }

  /** Back to the start. Opened hints stay open, for they cannot be forgotten, and marks are kept. */
  async startOver(progress: Progress, now: number): Promise<void> {
    Object.assign(progress, { step: 1, reached: 1, entered: 0, before: { pods: [] }, flags: [] })
    progress.passed.clear()
    progress.answers.clear()
    progress.typed.clear()
    const { runId } = progress
    await this.#database.$transaction([
      this.#database.stepResult.updateMany({ where: { runId }, data: { passedAt: null } }),
      this.#database.answer.deleteMany({ where: { runId } }),
      this.#database.typedAnswer.deleteMany({ where: { runId } }),
    ])
    await this.save(progress, now)
  }

  async goBack(progress: Progress, { passed, ...standing }: Standing, now: number): Promise<void> {
    Object.assign(progress, standing, { flags: [] })
    progress.passed.clear()
    for (const step of passed) progress.passed.add(step)
    const { runId } = progress
    await this.#database.$transaction([
      this.#database.stepResult.updateMany({
        where: { runId, step: { notIn: [...passed] } },
        data: { passedAt: null },
      }),
      this.#database.stepResult.updateMany({
        where: { runId, step: { in: [...passed] }, passedAt: null },
        data: { passedAt: new Date(now) },
      }),
    ])
    await this.save(progress, now)
  }

  /** Which lab's objects are in a cluster; empty when none or unknown. */
  async labIn(cluster: string): Promise<string> {
    const row = await this.#database.sandbox.findUnique({ where: { cluster }, select: { labId: true } })
    return row?.labId ?? ''
  }

  /** The lab that the learner was in last: the one that they opened, not one of an old page in which they read on. */
  async lastOpened(learnerId: string): Promise<string> {
    const row = await this.#database.labRun.findFirst({
      where: { learnerId },
      select: { labId: true },
      orderBy: { touchedAt: 'desc' },
    })
    return row?.labId ?? ''
  }

  async putLabIn(cluster: string, labId: string): Promise<void> {
    await this.#database.sandbox.updateMany({ where: { cluster }, data: { labId } })
  }
}

function fromRow(row: {
  id: string
  learnerId: string
  labId: string
  step: number
  reached: number
  entered: number
  before: string
  flags: string
  done: boolean
  results: { step: number; credit: number; attempts: number; passedAt: Date | null }[]
  answers: { questionId: string; choice: number; correct: boolean }[]
  typed: { answerId: string; text: string }[]
  hints: { hintId: string }[]
}): Progress {
  const before = JSON.parse(row.before) as Partial<Before>
  return {
    runId: row.id,
    learnerId: row.learnerId,
    labId: row.labId,
    step: row.step,
    reached: row.reached,
    entered: row.entered,
    before: { pods: before.pods ?? [], ...(before.seen ? { seen: before.seen } : {}) },
    flags: JSON.parse(row.flags) as StepFlag[],
    everDone: row.done,
    passed: new Set(row.results.filter(({ passedAt }) => passedAt).map(({ step }) => step)),
    marks: new Map(row.results.map(({ step, credit, attempts }) => [step, { credit, attempts }])),
    answers: new Map(row.answers.map(({ questionId, choice, correct }) => [questionId, { choice, correct }])),
    typed: new Map(row.typed.map(({ answerId, text }) => [answerId, text])),
    hints: new Set(row.hints.map(({ hintId }) => hintId)),
  }
}
