import { Glyph } from '../../../_ui/glyph.tsx'
import { chainOf } from '../picture/cause-chain.ts'
import { eventWords, signOf } from '../picture/event-words.ts'
import { milliseconds } from '../picture/milliseconds.ts'
import type { PictureModel } from '../picture/picture-model.ts'
import type { Selecting } from '../picture/selection.ts'
import { BecauseOf } from './because-of.tsx'
import style from './microscope.module.css'
import { Head, Part } from './microscope-part.tsx'
import { SchedulerVerdict } from './scheduler-verdict.tsx'

/** One event: what it was, what led to it, who heard of it. */
export function ScopeEvent({ model, seq, select }: { model: PictureModel; seq: number; select: Selecting['select'] }) {
  const row = model.rowBySeq(seq)
  if (!row) {
    return (
      <div className={style.scope}>
        <Head title={`Event ${seq}`} close={() => select(null)} />
        <Part title="No longer kept">
          <p className={style.say}>The picture keeps the newest events only; this one has left it.</p>
        </Part>
      </div>
    )
  }
  const { event } = row
  const words = eventWords(event)
  const revision = 'revision' in event ? event.revision : undefined
  const heard = revision === undefined ? [] : model.deliversOf(revision)
  return (
    <div className={style.scope} data-scope={`event ${seq}`}>
      <Head
        glyph={
          <Glyph
            who={event.type === 'append' ? 'store' : event.type === 'deliver' ? 'api' : model.place(words.who).who}
          />
        }
        title={event.type === 'append' ? `Revision ${event.revision}` : words.what}
        close={() => select(null)}
      />
      {event.type === 'schedule' && (
        <Part title="The verdict" aside={milliseconds(event.durationMs)}>
          <SchedulerVerdict verdict={event} />
        </Part>
      )}
      <Part title={event.type === 'append' ? 'What was appended' : 'What it was'}>
        <p className={style.say}>
          {event.type === 'append' && `${signOf[event.operation]} `}
          <code>{words.object}</code>
          <br />
          <span className="quiet">
            by {words.who}
            {event.type !== 'append' && `, ${words.result}`}
          </span>
        </p>
      </Part>
      <Part title="Because of">
        <BecauseOf chain={chainOf(model, seq)} model={model} select={select} />
      </Part>
      {heard.length > 0 && (
        <Part title="Who heard of it" aside={`${heard.length}`}>
          <ul className={style.heard}>
            {heard.slice(0, 12).map((delivery) => (
              <li key={delivery.seq}>
                <Glyph who={model.place(delivery.event.client).who} size={12} />
                <button type="button" className={style.link} onClick={() => select({ client: delivery.event.client })}>
                  {model.place(delivery.event.client).label}
                  {model.place(delivery.event.client).node && ` on ${model.place(delivery.event.client).node}`}
                </button>
              </li>
            ))}
          </ul>
        </Part>
      )}
    </div>
  )
}
