import { Glyph, hueOf } from '../../../../_ui/glyph.tsx'
import { Shape } from '../../../../_ui/shape.tsx'
import { loopState } from '../../picture/loop-state.ts'
import card from './card.module.css'
import { type CardData, isSelected } from './card-data.ts'
import style from './loop-card.module.css'

export function LoopCard(data: CardData & { client: string }) {
  const { model, client, compact, select } = data
  const loop = model.client(client)
  const gate = model.gate(client)
  const state = loopState(loop, model.now, gate)
  const pressed = isSelected(data, client)
  return (
    <button
      type="button"
      className={`${style.loop} nopan`}
      data-hue="ctl"
      data-state={state.word}
      data-loop={client}
      style={{ '--hue': hueOf('ctl') } as React.CSSProperties}
      aria-pressed={pressed}
      onClick={() => select(pressed ? null : { client })}
    >
      <span className={card.head}>
        <Glyph who="ctl" size={14} />
        <span className={card.state}>
          {state.word}
          {gate.held && gate.steps > 0 && `, ${gate.steps} to step`}
          {!gate.held && gate.everyMs > 0 && ', slow'}
          <Shape state={state.shape} size={13} />
        </span>
      </span>
      <span className={card.name} title={client}>
        {model.place(client).label}
      </span>
      {!compact && <span className={card.meta}>cache {loop.cacheRevision || '—'}</span>}
      <span className={card.meta}>
        queue {loop.queueLength}
        <span className={style.squares} aria-hidden="true">
          {[0, 1, 2].map((square) => (
            <i key={square} data-full={loop.queueLength > square || undefined} />
          ))}
        </span>
      </span>
    </button>
  )
}
