import type { LensView } from '../lens.ts'
import { Microscope } from '../scope/microscope.tsx'
import { LoopsTable } from './loops-table.tsx'

export const loopsView: LensView = { Scope: Microscope, Table: LoopsTable }
