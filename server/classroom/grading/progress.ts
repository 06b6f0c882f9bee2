// How far a learner has come in a lab: the rows behind one run, read as one value and written piece by piece.

import { randomUUID } from 'node:crypto'
import type { Database } from '../database/open-database.ts'
import type { Before } from '../labs/cluster-view.ts'

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
  /** Once done, a lab stays done in the course, also when it is taken again. */
  everDone: boolean
  readonly passed: Set<number>
  readonly answers: Map<string, { choice: number; correct: boolean }>
  readonly hints: Set<string>
}

const select = {
  id: true,
  learnerId: true,
  labId: true,
  step: true,
  reached: true,
  entered: true,
  before: true,
  done: true,
  results: { select: { step: true } },
  answers: { select: { questionId: true, choice: true, correct: true } },
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

  async save({ runId, step, reached, entered, before, everDone }: Progress, now: number): Promise<void> {
    await this.#database.labRun.update({
      where: { id: runId },
      data: { step, reached, entered, before: JSON.stringify(before), done: everDone, touchedAt: new Date(now) },
      select: { id: true },
    })
  }

  async pass(runId: string, step: number): Promise<void> {
    await this.#database.stepResult.upsert({
      where: { runId_step: { runId, step } },
      create: { runId, step },
      update: {},
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

  async openHint(runId: string, hintId: string): Promise<void> {
    await this.#database.hintOpened.upsert({
      where: { runId_hintId: { runId, hintId } },
      create: { runId, hintId },
      update: {},
      select: { hintId: true },
    })
  }

  /** Back to the start. Opened hints stay open: they cannot be forgotten. */
  async startOver(progress: Progress, now: number): Promise<void> {
    Object.assign(progress, { step: 1, reached: 1, entered: 0, before: { pods: [] } })
    progress.passed.clear()
    progress.answers.clear()
    const { runId } = progress
    await this.#database.$transaction([
      this.#database.stepResult.deleteMany({ where: { runId } }),
      this.#database.answer.deleteMany({ where: { runId } }),
    ])
    await this.save(progress, now)
  }

  /** Which lab's objects are in a cluster; empty when none or unknown. */
  async labIn(cluster: string): Promise<string> {
    const row = await this.#database.sandbox.findUnique({ where: { cluster }, select: { labId: true } })
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
  done: boolean
  results: { step: number }[]
  answers: { questionId: string; choice: number; correct: boolean }[]
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
    before: { pods: before.pods ?? [] },
    everDone: row.done,
    passed: new Set(row.results.map(({ step }) => step)),
    answers: new Map(row.answers.map(({ questionId, choice, correct }) => [questionId, { choice, correct }])),
    hints: new Set(row.hints.map(({ hintId }) => hintId)),
  }
}
