import { objectOf, signOf } from '../picture/event-words.ts'
import type { PictureModel, Turn } from '../picture/picture-model.ts'
import type { Selecting } from '../picture/selection.ts'
import style from './microscope.module.css'

/** One turn of a loop as *wanted, seen, did, wrote*. */
export function LastReconcile({
  model,
  turn,
  select,
}: {
  model: PictureModel
  turn: Turn
  select: Selecting['select']
}) {
  const { trace } = turn
  return (
    <dl className={style.facts}>
      <dt>Key</dt>
      <dd>
        <code>{trace.key}</code>
      </dd>
      {trace.wanted && (
        <>
          <dt>Wanted</dt>
          <dd>{trace.wanted}</dd>
        </>
      )}
      {trace.seen && (
        <>
          <dt>Seen</dt>
          <dd>{trace.seen}</dd>
        </>
      )}
      <dt>Did</dt>
      <dd>{trace.error ?? (trace.did.length > 0 ? trace.did.join(', ') : 'nothing to do')}</dd>
      {trace.wrote.length > 0 && (
        <>
          <dt>Wrote</dt>
          <dd>
            {trace.wrote.slice(-4).map((revision) => {
              const append = model.appendOf(revision)
              return (
                <div key={revision}>
                  <button
                    type="button"
                    className={style.link}
                    disabled={!append}
                    onClick={() => append && select({ seq: append.seq })}
                  >
                    <code>{revision}</code>
                  </button>{' '}
                  {append && (
                    <code>
                      {signOf[append.event.operation]} {objectOf(append.event, 24)}
                    </code>
                  )}
                </div>
              )
            })}
          </dd>
        </>
      )}
    </dl>
  )
}
