import { Glyph } from '../../../../_ui/glyph.tsx'
import type { Mark } from '../../picture/cause-chain.ts'
import { byWhom, objectOf, signOf } from '../../picture/event-words.ts'
import { isSameObject, type ObjectRef } from '../../picture/selection.ts'
import card from './card.module.css'
import type { CardData } from './card-data.ts'
import style from './etcd-tape.module.css'

/** etcd: the newest revisions, oldest on top, as they were appended. */
export function EtcdTape({
  model,
  selection,
  select,
  rowCount,
  marks,
  focus,
}: CardData & { rowCount: number; marks: Mark[]; focus: ObjectRef | undefined }) {
  const rows = model.tape(rowCount)
  const inChain = new Map(marks.filter((mark) => mark.kind === 'append').map((mark) => [mark.seq, mark.number]))
  const selected = selection && 'seq' in selection ? selection.seq : undefined
  return (
    <div className={style.etcd}>
      <div className={style.etcdHead}>
        <div className={card.head}>
          <Glyph who="store" size={14} />
          <span className={card.title}>etcd</span>
          <span className="mono" style={{ fontSize: 11, fontWeight: 700 }}>
            rev {model.revision || '—'}
          </span>
        </div>
        <div style={{ color: 'var(--ink-2)' }}>{sayStore(rows.length, model.compactRevision)}</div>
      </div>
      <ol className={style.tape}>
        {rows.map(({ seq, event }) => (
          <li key={seq}>
            <button
              type="button"
              className={`${style.tapeRow} nopan`}
              data-revision={event.revision}
              data-own={(focus && isSameObject(focus, event)) || undefined}
              data-chain={inChain.has(seq) || undefined}
              aria-pressed={selected === seq}
              title={`${event.resource}/${event.name}`}
              onClick={() => select(selected === seq ? null : { seq })}
            >
              <b>{event.revision}</b>
              <b>{signOf[event.operation]}</b>
              <span>{objectOf(event, inChain.has(seq) ? 16 : 19)}</span>
              {inChain.has(seq) ? <span className={style.tapeMark}>{inChain.get(seq)}</span> : <span />}
              <span className={style.by}>{byWhom(event.client)}</span>
            </button>
          </li>
        ))}
      </ol>
      <div className={style.tapeFoot}>next {model.revision + 1}</div>
    </div>
  )
}

function sayStore(rows: number, compactRevision: number): string {
  if (compactRevision > 0) return `Compacted up to ${compactRevision}.`
  return rows > 0 ? 'Only ever appended.' : 'No revisions yet.'
}
