// On one's own machine there is one learner, made at the first start and named after whoever started it.

import { randomUUID } from 'node:crypto'
import type { Database } from '../database/open-database.ts'

export interface LearnerSummary {
  id: string
  name: string
}

export async function localLearner(database: Database, name: string): Promise<LearnerSummary> {
  const select = { id: true, name: true }
  const first = await database.learner.findFirst({ select, orderBy: { createdAt: 'asc' } })
  return first ?? database.learner.create({ data: { id: randomUUID(), name }, select })
}
