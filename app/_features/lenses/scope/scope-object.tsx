import { chainOfObject } from '../picture/cause-chain.ts'
import { byWhom, signOf } from '../picture/event-words.ts'
import { milliseconds } from '../picture/milliseconds.ts'
import type { PictureModel } from '../picture/picture-model.ts'
import type { ObjectRef, Selecting } from '../picture/selection.ts'
import { BecauseOf } from './because-of.tsx'
import style from './microscope.module.css'
import { Head, Part } from './microscope-part.tsx'
import { SchedulerVerdict } from './scheduler-verdict.tsx'

interface Props {
  model: PictureModel
  object: ObjectRef
  select: Selecting['select']
}

/** One object: who last wrote it, and because of what. */
export function ScopeObject({ model, object, select }: Props) {
  const chain = chainOfObject(model, object)
  const writes = model.appendsOf(object, 8)
  const verdict =
    object.resource === 'pods'
      ? model.verdicts.find(({ pod }) => pod === `${object.namespace}/${object.name}`)
      : undefined
  return (
    <div className={style.scope} data-scope={`${object.resource}/${object.name}`}>
      <Head title={object.name} close={() => select(null)} />
      <p className={style.aside}>
        <code>{object.resource}</code>
        {object.namespace && ` in ${object.namespace}`}
      </p>
      <Part title="Written" aside={writes.length > 0 ? 'newest first' : ''}>
        {writes.length === 0 && <p className="quiet">Not since what is kept here began.</p>}
        <ol className={style.past}>
          {writes.map(({ seq, event }) => (
            <li key={seq}>
              <button type="button" className={style.link} onClick={() => select({ seq })}>
                <code>{event.revision}</code>
              </button>
              <span>{byWhom(event.client)}</span>
              <code className="quiet">{signOf[event.operation]}</code>
            </li>
          ))}
        </ol>
      </Part>
      {verdict && (
        <Part title="What the scheduler said" aside={milliseconds(verdict.durationMs)}>
          <SchedulerVerdict verdict={verdict} />
        </Part>
      )}
      {chain && (
        <Part title="Because of">
          <BecauseOf chain={chain} model={model} select={select} />
        </Part>
      )}
    </div>
  )
}
