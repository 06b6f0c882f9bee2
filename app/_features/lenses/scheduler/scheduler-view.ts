import type { LensView } from '../lens.ts'
import { SchedulerLayer } from './scheduler-layer.tsx'
import { SchedulerScope } from './scheduler-scope.tsx'
import { SchedulerTable } from './scheduler-table.tsx'

export const schedulerView: LensView = {
  // What was weighed stands over the machines that it was about.
  without: ['loops', 'stages', 'ways', 'api'],
  Layer: SchedulerLayer,
  Scope: SchedulerScope,
  Table: SchedulerTable,
}
