import { Glyph } from '../../../_ui/glyph.tsx'
import type { Chain } from '../picture/cause-chain.ts'
import { requestWords } from '../picture/event-words.ts'
import type { PictureModel } from '../picture/picture-model.ts'
import type { Selecting } from '../picture/selection.ts'
import style from './microscope.module.css'

/** The chain of causes as a list, the keystroke first. */
export function BecauseOf({
  chain,
  model,
  select,
}: {
  chain: Chain
  model: PictureModel
  select: Selecting['select']
}) {
  if (chain.hops.length === 0) {
    return <p className="quiet">{chain.cut ? 'What led here is older than what is kept.' : 'Nothing before it.'}</p>
  }
  return (
    <ol className={style.because} data-chain-length={chain.hops.length}>
      {chain.cut && (
        <li className="quiet" data-cut="">
          … what came before is no longer kept
        </li>
      )}
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
