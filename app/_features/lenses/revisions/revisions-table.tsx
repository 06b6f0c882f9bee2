'use client'

// The text twin: the attempts to write the object, and the whole log.

import type { LensProps } from '../lens.ts'
import { objectOf } from '../picture/event-words.ts'
import { focusOf } from '../picture/focus.ts'
import { usePictureVersion } from '../picture/use-picture.ts'
import style from '../table.module.css'
import { compared, outcome } from './attempt-words.ts'
import { attemptsOf } from './attempts.ts'

const mostRows = 400

export function RevisionsTable({ store, selection, select }: LensProps) {
  usePictureVersion(store)
  const { model } = store
  const object = focusOf(model, selection)
  const chosen = selection && 'seq' in selection ? selection.seq : undefined
  const attempts = object ? attemptsOf(model, object, mostRows).reverse() : []
  const log = model.tape(mostRows).reverse()
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section className={style.scroll} aria-label="Revisions as tables" tabIndex={0} data-revisions-table="">
      <table className={style.table}>
        <caption>
          {object ? `Who tried to write ${object.resource}/${object.name}, newest first` : 'No object is chosen yet'}
        </caption>
        <thead>
          <tr>
            <th scope="col">Event</th>
            <th scope="col">Who</th>
            <th scope="col">Request</th>
            <th scope="col">Sent = found</th>
            <th scope="col">Outcome</th>
          </tr>
        </thead>
        <tbody>
          {attempts.map((attempt) => (
            <tr key={attempt.seq} aria-current={chosen === attempt.seq || undefined}>
              <th scope="row">
                <button type="button" className={style.pick} onClick={() => select({ seq: attempt.seq })}>
                  {attempt.seq}
                </button>
              </th>
              <td className="mono">{attempt.client}</td>
              <td>{attempt.method}</td>
              <td className="mono">{compared(attempt)}</td>
              <td>{outcome(attempt)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <table className={style.table}>
        <caption>
          The log of the whole store, newest first
          {model.compactRevision > 0 && `; what was superseded before ${model.compactRevision} is forgotten`}
        </caption>
        <thead>
          <tr>
            <th scope="col">Revision</th>
            <th scope="col">What</th>
            <th scope="col">Object</th>
            <th scope="col">Who</th>
          </tr>
        </thead>
        <tbody>
          {log.map(({ seq, event }) => (
            <tr key={seq} aria-current={chosen === seq || undefined}>
              <th scope="row">
                <button type="button" className={style.pick} onClick={() => select({ seq })}>
                  {event.revision}
                </button>
              </th>
              <td>{event.operation}</td>
              <td className="mono">{objectOf(event)}</td>
              <td className="mono">{event.client}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
