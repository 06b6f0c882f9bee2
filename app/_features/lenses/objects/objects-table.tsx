'use client'

// The text twin: every object, also those that the picture leaves out.

import type { LensProps } from '../lens.ts'
import { LensTable, LensTables, RowHead } from '../lens-table.tsx'
import { isSameObject, toggle } from '../picture/selection.ts'
import { useObjects } from './use-objects.ts'

const mostRows = 500

export function ObjectsTable(props: LensProps) {
  const { selection } = props
  const { model, namespace, selector, matched, mayAsk } = useObjects(props)
  const isAsked = mayAsk && selector.trim() !== ''
  const all = [...model.inNamespace(namespace), ...model.inNamespace('')]
  const rows = all.slice(0, mostRows)
  return (
    <LensTables of="objects" label="Objects as a table">
      <LensTable
        caption={
          <>
            Objects in {namespace}, and those of no namespace
            {all.length > rows.length && `: ${rows.length} of ${all.length}`}
          </>
        }
        columns={['Kind', 'Name', 'Status', 'Owned by', 'Labels', 'Selects', ...(isAsked ? ['Reached'] : [])]}
      >
        {rows.map((object) => (
          <tr
            key={object.uid}
            aria-current={
              (selection !== null && 'object' in selection && isSameObject(selection.object, object)) || undefined
            }
          >
            <td>{object.kind}</td>
            <RowHead onPick={() => toggle(props, object)}>{object.name}</RowHead>
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
      </LensTable>
    </LensTables>
  )
}
