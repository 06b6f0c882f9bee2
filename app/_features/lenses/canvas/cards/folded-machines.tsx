import { Glyph } from '../../../../_ui/glyph.tsx'
import style from '../picture-canvas.module.css'
import type { CardData } from './card-data.ts'

/** Machines that found no room; the Table lists them all. */
export function FoldedMachines({ count }: CardData & { count: number }) {
  return (
    <div className={`${style.card} ${style.fold}`}>
      <Glyph who="node" size={14} />
      <b>+{count}</b>
      <span>{count === 1 ? 'node' : 'nodes'}</span>
    </div>
  )
}
