import { Glyph } from '../../../_ui/glyph.tsx'
import { Shape } from '../../../_ui/shape.tsx'
import { chainOfClient } from '../picture/cause-chain.ts'
import { eventWords, objectOf } from '../picture/event-words.ts'
import { loopState } from '../picture/loop-state.ts'
import { milliseconds } from '../picture/milliseconds.ts'
import type { PictureStore } from '../picture/picture-store.ts'
import type { Selecting } from '../picture/selection.ts'
import { BecauseOf } from './because-of.tsx'
import { LastReconcile } from './last-reconcile.tsx'
import { LoopControl } from './loop-control.tsx'
import style from './microscope.module.css'
import { Head, Part } from './microscope-part.tsx'
import { Ruler } from './ruler.tsx'
import { SchedulerVerdicts } from './scheduler-verdict.tsx'

type Select = Selecting['select']

/** One client of the API server: what it can see, what waits, why it last acted. */
export function ScopeClient({ store, client, select }: { store: PictureStore; client: string; select: Select }) {
  const { model } = store
  const place = model.place(client)
  const state = model.client(client)
  const isReconciler = model.isLoop(client) || state.turns.length > 0
  const how = loopState(state, model.now, model.gate(client))
  const canHold = model.canHold(client)
  const [last, ...before] = state.turns
  const cache = state.cacheRevision || state.handedRevision
  const chain = chainOfClient(model, client)
  return (
    <div className={style.scope} data-scope={client}>
      <Head
        glyph={<Glyph who={place.who} />}
        title={place.node ? `${place.label}, ${place.node}` : place.label}
        close={() => select(null)}
      >
        {(isReconciler || canHold) && (
          <span className={style.state}>
            <Shape state={how.shape} size={12} /> {how.word}
          </span>
        )}
      </Head>
      {canHold && <LoopControl store={store} client={client} />}
      {place.node && (
        <p className={style.aside}>It runs on {place.node}, a machine of its own: it cannot be held from here.</p>
      )}
      {place.isElsewhere && (
        <p className={style.aside}>
          It runs in a program of its own, outside of the control plane: it tells what it does, and cannot be held from
          here.
        </p>
      )}
      {cache > 0 && (
        <Part title="What it can see" aside={sayBehind(cache, state.handedRevision, model.revision)}>
          <Ruler cache={cache} store={model.revision} who={place.who} />
        </Part>
      )}
      {(isReconciler || canHold) && (
        <Part title="Queue" aside={`${state.queueLength} ${state.queueLength === 1 ? 'key' : 'keys'}`}>
          {state.queue.length === 0 && <p className="quiet">Nothing waits.</p>}
          <ul className={style.queue}>
            {state.queue.map((key) => (
              <li key={key}>
                <code>{key}</code>
              </li>
            ))}
          </ul>
          {state.queueLength > state.queue.length && (
            <p className="quiet">and {state.queueLength - state.queue.length} more</p>
          )}
        </Part>
      )}
      {place.role === 'scheduler' && <SchedulerVerdicts verdicts={model.verdicts} />}
      {isReconciler && (
        <Part title="Last reconcile" aside={last ? `#${last.number} · ${milliseconds(last.trace.durationMs)}` : ''}>
          {last ? (
            <LastReconcile model={model} turn={last} select={select} />
          ) : (
            <p className="quiet">None since you came.</p>
          )}
        </Part>
      )}
      {!isReconciler && state.lastRequest && (
        <Part title="Last request" aside={milliseconds(state.lastRequest.durationMs)}>
          <p className={style.say}>
            {eventWords(state.lastRequest).what} <code>{objectOf(state.lastRequest, 34)}</code>,{' '}
            {eventWords(state.lastRequest).result}
          </p>
        </Part>
      )}
      {chain && (
        <Part title="Because of">
          <BecauseOf chain={chain} model={model} select={select} />
        </Part>
      )}
      {before.length > 0 && (
        <Part title="Before that">
          <ol className={style.past}>
            {before.slice(0, 8).map(({ number, trace }) => (
              <li key={number}>
                <code>#{number}</code>
                <span title={trace.key}>
                  {trace.wanted && trace.seen ? `${trace.wanted}; ${trace.seen}` : trace.key}
                </span>
                <span className="quiet">
                  {trace.outcome === 'error'
                    ? 'error'
                    : trace.wrote.length > 0
                      ? `wrote ${trace.wrote.at(-1)}`
                      : 'nothing to do'}
                </span>
              </li>
            ))}
          </ol>
        </Part>
      )}
    </div>
  )
}

/** A cache that stands still because nothing newer was meant for it is not late. */
function sayBehind(cache: number, handed: number, store: number): string {
  const behind = store - cache
  if (behind <= 0) return 'up to date'
  if (handed <= cache) return 'nothing newer for it'
  return behind === 1 ? '1 revision behind' : `${behind} revisions behind`
}
