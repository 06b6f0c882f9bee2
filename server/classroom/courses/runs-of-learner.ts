// What the course page needs to know of a learner's runs.

import type { Database } from '../database/open-database.ts'
import type { RunSummary } from './course-overview.ts'

export async function runsOfLearner(database: Database, learnerId: string): Promise<RunSummary[]> {
  const rows = await database.labRun.findMany({
    where: { learnerId },
    select: {
      labId: true,
      step: true,
      reached: true,
      done: true,
      touchedAt: true,
      results: { select: { step: true, credit: true, attempts: true } },
      _count: { select: { hints: true } },
    },
  })
  return rows.map(({ _count, results, ...run }) => ({
    ...run,
    marks: new Map(results.map(({ step, ...marks }) => [step, marks])),
    hintsOpened: _count.hints,
  }))
}
