import type { LensView } from '../lens.ts'
import { RevisionsLayer } from './revisions-layer.tsx'
import { RevisionsScope } from './revisions-scope.tsx'
import { RevisionsTable } from './revisions-table.tsx'

export const revisionsView: LensView = {
  without: ['stages', 'ways'],
  Layer: RevisionsLayer,
  Scope: RevisionsScope,
  Table: RevisionsTable,
}
