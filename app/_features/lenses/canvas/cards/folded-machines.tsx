import { Glyph } from '../../../../_ui/glyph.tsx'
import type { CardData } from './card-data.ts'
import style from './fold-card.module.css'

/** Machines that found no room; the Table lists them all. */
export function FoldedMachines({ count }: CardData & { count: number }) {
  return (
    <div className={style.fold}>
      <Glyph who="node" size={14} />
      <b>+{count}</b>
      <span>{count === 1 ? 'node' : 'nodes'}</span>
    </div>
  )
}
