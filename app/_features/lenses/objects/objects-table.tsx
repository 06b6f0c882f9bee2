'use client'

// The text twin: every object, also those that the picture leaves out.

import type { LensProps } from '../lens.ts'
import { isSameObject, toggle } from '../picture/selection.ts'
import style from '../table.module.css'
import { useObjects } from './use-objects.ts'

const mostRows = 500

export function ObjectsTable(props: LensProps) {
  const { selection } = props
  const { model, namespace, selector, matched, mayAsk } = useObjects(props)
  const isAsked = mayAsk && selector.trim() !== ''
  const all = [...model.inNamespace(namespace), ...model.inNamespace('')]
  const rows = all.slice(0, mostRows)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section className={style.scroll} aria-label="Objects as a table" tabIndex={0} data-objects-table="">
      <table className={style.table}>
        <caption>
          Objects in {namespace}, and those of no namespace
          {all.length > rows.length && `: ${rows.length} of ${all.length}`}
        </caption>
        <thead>
          <tr>
            <th scope="col">Kind</th>
            <th scope="col">Name</th>
            <th scope="col">Status</th>
            <th scope="col">Owned by</th>
            <th scope="col">Labels</th>
            <th scope="col">Selects</th>
            {isAsked && <th scope="col">Reached</th>}
          </tr>
        </thead>
        <tbody>
          {rows.map((object) => (
            <tr
              key={object.uid}
              aria-current={
                (selection !== null && 'object' in selection && isSameObject(selection.object, object)) || undefined
              }
            >
              <td>{object.kind}</td>
              <th scope="row">
                <button type="button" className={style.pick} onClick={() => toggle(props, object)}>
                  {object.name}
                </button>
              </th>
              <td>
                {object.deleting
                  ? `being deleted, waits for ${object.deleting.waitsFor.join(', and ') || 'nothing'}`
                  : object.status}
              </td>
              <td>{object.owners.map(({ kind, name }) => `${kind} ${name}`).join(', ')}</td>
              <td className="mono">
                {Object.entries(object.labels)
                  .map(([key, value]) => `${key}=${value}`)
                  .join(', ')}
              </td>
              <td>
                {object.selector && <code>{object.selector}: </code>}
                {object.selects.length > 0 && `${object.selects.length} Pods`}
              </td>
              {isAsked && <td>{matched.has(object.uid) ? 'yes' : 'no'}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
