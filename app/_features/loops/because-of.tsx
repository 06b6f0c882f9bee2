import { Glyph } from '../../_ui/glyph.tsx'
import type { Chain } from './cause-chain.ts'
import { requestWords } from './event-words.ts'
import type { LoopsModel } from './loops-model.ts'
import style from './microscope.module.css'
import type { Selecting } from './selection.ts'

/** The chain of causes as a list, the keystroke first. */
export function BecauseOf({ chain, model, select }: { chain: Chain; model: LoopsModel; select: Selecting['select'] }) {
  if (chain.hops.length === 0) {
    return <p className="quiet">{chain.cut ? 'What led here is older than what is kept.' : 'Nothing before it.'}</p>
  }
  return (
    <ol className={style.because} data-chain-length={chain.hops.length}>
      {chain.cut && <li className="quiet">… what came before is no longer kept</li>}
      {chain.hops.map(({ request, append }) => (
        <li key={request.seq}>
          <Glyph who={model.place(request.event.client).who} size={12} />
          <span>{requestWords(request.event, append?.event)}</span>
          {append ? (
            <button type="button" className={style.link} onClick={() => select({ seq: append.seq })}>
              <code>{append.event.revision}</code>
            </button>
          ) : (
            <code className="quiet">{request.event.code}</code>
          )}
        </li>
      ))}
    </ol>
  )
}
