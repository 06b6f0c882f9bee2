import type { LensView } from '../lens.ts'
import { AccessLayer } from './access-layer.tsx'
import { requestOf } from './access-requests.ts'
import { AccessScope } from './access-scope.tsx'
import { AccessTable } from './access-table.tsx'

export const accessView: LensView = {
  // The band stays, with its stages; the chain has the room of those whom it is not about.
  without: ['loops', 'ways', 'you', 'scheduler', 'machines', 'tape'],
  bandRequest: (model, selection) => requestOf(model, selection)?.event,
  Layer: AccessLayer,
  Scope: AccessScope,
  Table: AccessTable,
}
