import type { LensView } from '../lens.ts'
import { NetworkBar } from './network-bar.tsx'
import { NetworkLayer } from './network-layer.tsx'
import { NetworkScope } from './network-scope.tsx'
import { NetworkTable } from './network-table.tsx'

export const networkView: LensView = {
  // Nothing of the control plane is in a packet's way; machines are drawn with addresses instead.
  without: ['loops', 'stages', 'ways', 'you', 'scheduler', 'machines', 'api'],
  leastHeight: 230,
  Layer: NetworkLayer,
  Bar: NetworkBar,
  Scope: NetworkScope,
  Table: NetworkTable,
}
