// The text twins of the lenses: tables that scroll, each with a caption, and rows that can be chosen.

import type { ReactNode } from 'react'
import style from './lens-table.module.css'

/** All tables of one lens; `of` is its id. */
export function LensTables({ of, label, children }: { of: string; label: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section className={style.scroll} aria-label={label} tabIndex={0} data-lens-table={of}>
      {children}
    </section>
  )
}

interface TableProps {
  caption: ReactNode
  columns: readonly string[]
  /** What stands there when there are no rows. */
  none?: ReactNode
  /** Names, addresses and times are not broken; what does not fit is a scroll away. */
  isWhole?: boolean
  /** Draws more rows of those that are there. */
  older?: (() => void) | undefined
  children: ReactNode
}

export function LensTable({ caption, columns, none, isWhole, older, children }: TableProps) {
  const isEmpty = none !== undefined && Array.isArray(children) && children.length === 0
  return (
    <table className={style.table} data-whole={isWhole || undefined} data-wide={columns.length > 4 || undefined}>
      <caption>{caption}</caption>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column} scope="col">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {isEmpty ? (
          <tr>
            <td colSpan={columns.length}>{none}</td>
          </tr>
        ) : (
          children
        )}
      </tbody>
      {older && (
        <tfoot>
          <tr>
            <td colSpan={columns.length}>
              <button type="button" className={style.pick} onClick={older}>
                Show older ones
              </button>
            </td>
          </tr>
        </tfoot>
      )}
    </table>
  )
}

/** What a row is called; choosing it chooses the row. */
export function RowHead({ label, onPick, children }: { label?: string; onPick: () => void; children: ReactNode }) {
  return (
    <th scope="row">
      <button type="button" className={style.pick} aria-label={label} onClick={onPick}>
        {children}
      </button>
    </th>
  )
}
