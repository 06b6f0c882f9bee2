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
      _count: { select: { results: true, hints: true } },
    },
  })
  return rows.map(({ _count, ...run }) => ({ ...run, passedSteps: _count.results, hintsOpened: _count.hints }))
}
