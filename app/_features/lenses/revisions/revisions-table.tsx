'use client'

// The text twin: the attempts to write the object, and the whole log.

import type { LensProps } from '../lens.ts'
import { LensTable, LensTables, RowHead } from '../lens-table.tsx'
import { objectOf } from '../picture/event-words.ts'
import { focusOf } from '../picture/focus.ts'
import { usePictureVersion } from '../picture/use-picture.ts'
import { useNewest } from '../use-newest.ts'
import { compared, outcome } from './attempt-words.ts'
import { attemptsOf } from './attempts.ts'

export function RevisionsTable({ store, selection, select }: LensProps) {
  usePictureVersion(store)
  const { model } = store
  const object = focusOf(model, selection)
  const chosen = selection && 'seq' in selection ? selection.seq : undefined
  const attempts = useNewest((most) => (object ? attemptsOf(model, object, most).reverse() : []))
  const log = useNewest((most) => model.tape(most).reverse())
  return (
    <LensTables of="revisions" label="Revisions as tables">
      <LensTable
        caption={
          object ? `Who tried to write ${object.resource}/${object.name}, newest first` : 'No object is chosen yet'
        }
        columns={['Event', 'Who', 'Request', 'Sent = found', 'Outcome']}
        older={attempts.older}
      >
        {attempts.rows.map((attempt) => (
          <tr key={attempt.seq} aria-current={chosen === attempt.seq || undefined}>
            <RowHead onPick={() => select({ seq: attempt.seq })}>{attempt.seq}</RowHead>
            <td className="mono">{attempt.client}</td>
            <td>{attempt.method}</td>
            <td className="mono">{compared(attempt)}</td>
            <td>{outcome(attempt)}</td>
          </tr>
        ))}
      </LensTable>
      <LensTable
        caption={
          <>
            The log of the whole store, newest first
            {model.compactRevision > 0 && `; what was superseded before ${model.compactRevision} is forgotten`}
          </>
        }
        columns={['Revision', 'What', 'Object', 'Who']}
        older={log.older}
      >
        {log.rows.map(({ seq, event }) => (
          <tr key={seq} aria-current={chosen === seq || undefined}>
            <RowHead onPick={() => select({ seq })}>{event.revision}</RowHead>
            <td>{event.operation}</td>
            <td className="mono">{objectOf(event)}</td>
            <td className="mono">{event.client}</td>
          </tr>
        ))}
      </LensTable>
    </LensTables>
  )
}
