import type { LensView } from '../lens.ts'
import { ObjectsBar } from './objects-bar.tsx'
import { ObjectsLayer } from './objects-layer.tsx'
import { ObjectsScope } from './objects-scope.tsx'
import { ObjectsTable } from './objects-table.tsx'

export const objectsView: LensView = {
  without: ['loops', 'ways'],
  Layer: ObjectsLayer,
  Bar: ObjectsBar,
  Scope: ObjectsScope,
  Table: ObjectsTable,
}
