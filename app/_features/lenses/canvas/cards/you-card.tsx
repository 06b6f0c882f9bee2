import { Glyph } from '../../../../_ui/glyph.tsx'
import { objectOf } from '../../picture/event-words.ts'
import card from './card.module.css'
import { type CardData, isSelected } from './card-data.ts'

/** In digits of the card's width. */
const widest = 9
const cut = (word: string) => (word.length > widest ? `${word.slice(0, widest - 1)}…` : word)

export function YouCard(data: CardData) {
  const { model, select, compact } = data
  const last = model.lastOwnRequest
  const client = last?.client ?? 'kubectl'
  const pressed = isSelected(data, client)
  return (
    <button
      type="button"
      className={`${card.card} nopan`}
      data-hue="you"
      aria-pressed={pressed}
      onClick={() => select(pressed ? null : { client })}
    >
      {!compact && <Glyph who="you" />}
      <span className={card.name} style={{ marginTop: compact ? 0 : 6 }}>
        You
      </span>
      <span style={{ color: 'var(--ink-2)' }}>{model.place(client).label}</span>
      {last && (
        <span style={{ marginTop: 'auto', display: 'grid' }}>
          {!compact && <span className="quiet">last</span>}
          <span className={card.meta} style={{ color: 'var(--ink)' }}>
            {last.verb}
          </span>
          <span className={card.meta} title={objectOf(last)}>
            {last.code >= 400 ? last.code : cut(last.resource)}
          </span>
          {last.revision !== undefined && <span className={card.meta}>→ {last.revision}</span>}
        </span>
      )}
    </button>
  )
}
