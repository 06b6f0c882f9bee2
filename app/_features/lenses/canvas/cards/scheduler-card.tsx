import { Glyph, hueOf } from '../../../../_ui/glyph.tsx'
import { shortName } from '../../picture/short-name.ts'
import card from './card.module.css'
import { type CardData, isSelected } from './card-data.ts'
import style from './scheduler-card.module.css'

const client = 'kube-scheduler'

export function SchedulerCard(data: CardData) {
  const { model, select, compact } = data
  const state = model.client(client)
  const [verdict] = model.verdicts
  const pressed = isSelected(data, client)
  const fits = verdict?.nodes.filter((node) => !node.failed).length ?? 0
  const looked = verdict ? verdict.nodes.length + verdict.more : 0
  return (
    <button
      type="button"
      className={`${card.card} nopan`}
      data-hue="sched"
      style={{ '--hue': hueOf('sched') } as React.CSSProperties}
      aria-pressed={pressed}
      onClick={() => select(pressed ? null : { client })}
    >
      {!compact && <Glyph who="sched" />}
      <span className={card.name} style={{ marginTop: compact ? 0 : 6 }}>
        Scheduler
      </span>
      <span className={card.meta}>cache {state.cacheRevision || state.handedRevision || '—'}</span>
      {verdict && (
        <span className={style.scores}>
          <span style={{ gridColumn: '1 / -1', color: 'var(--ink)' }}>{shortName(bare(verdict.pod), 12)}</span>
          {verdict.nodes.slice(0, compact ? 1 : 3).map((node) => (
            <Score key={node.name} name={node.name} score={node.score} chosen={node.name === verdict.chosen} />
          ))}
          <span style={{ gridColumn: '1 / -1', fontFamily: 'var(--font-text)' }}>
            {verdict.gate ? 'not in line yet' : `${fits} of ${looked} fit`}
          </span>
        </span>
      )}
    </button>
  )
}

function Score({ name, score, chosen }: { name: string; score: number | undefined; chosen: boolean }) {
  return (
    <>
      <span data-chosen={chosen || undefined}>{name}</span>
      <span data-chosen={chosen || undefined}>{score ?? '×'}</span>
    </>
  )
}

function bare(pod: string): string {
  return pod.slice(pod.indexOf('/') + 1)
}
