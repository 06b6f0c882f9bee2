'use client'

// One loop, or one event, looked at closely. The order of the parts never changes: what it can see, queue, last
// reconcile, because of, before that.

import type { ReactNode } from 'react'
import { Button } from '../../_ui/button.tsx'
import { Glyph } from '../../_ui/glyph.tsx'
import { Icon } from '../../_ui/icon.tsx'
import { Shape } from '../../_ui/shape.tsx'
import { BecauseOf } from './because-of.tsx'
import { chainOf, chainOfClient, storyOf } from './cause-chain.ts'
import { eventWords, objectOf, signOf } from './event-words.ts'
import { loopState } from './loop-state.ts'
import type { LoopsModel, Turn } from './loops-model.ts'
import style from './microscope.module.css'
import { milliseconds } from './milliseconds.ts'
import type { PictureStore } from './picture-store.ts'
import { Ruler } from './ruler.tsx'
import { SchedulerVerdict } from './scheduler-verdict.tsx'
import type { Selecting } from './selection.ts'
import { usePictureVersion } from './use-picture.ts'

export function Microscope({ store, selection, select }: Selecting & { store: PictureStore }) {
  usePictureVersion(store)
  const { model } = store
  if (!selection) return <Nothing model={model} select={select} />
  if ('seq' in selection) return <OneEvent model={model} seq={selection.seq} select={select} />
  return <OneClient model={model} client={selection.client} select={select} />
}

/** Nothing chosen: what the learner's last deed set going, and how to read it. */
function Nothing({ model, select }: { model: LoopsModel; select: Select }) {
  const deed = model.lastDeed
  return (
    <div className={style.scope}>
      {deed && (
        <Part title="What you did last, and what followed">
          <BecauseOf chain={{ hops: storyOf(model, deed.id), cut: false }} model={model} select={select} />
        </Part>
      )}
      <Part title="Microscope">
        <p className={style.say}>
          Choose a loop in the picture to see what it knows, what waits in its queue, and why it last acted. Choose a
          revision on the tape to follow it back to the keystroke that caused it.
        </p>
      </Part>
      <Part title="How to read the picture">
        <ul className={style.legend}>
          <li>
            <i data-is="request" /> a request, on its way to the API server
          </li>
          <li>
            <i data-is="deliver" /> a watch event, on its way to whoever watches
          </li>
          <li>
            <i data-is="append" /> a revision, appended to etcd
          </li>
          <li>
            <i data-is="refused" /> a request that was refused
          </li>
          <li>
            <i data-is="many">36</i> that many at once
          </li>
        </ul>
        <p className="quiet">Every dot was measured. Order is real, duration is stretched.</p>
      </Part>
    </div>
  )
}

type Select = Selecting['select']

function OneClient({ model, client, select }: { model: LoopsModel; client: string; select: Select }) {
  const place = model.place(client)
  const state = model.client(client)
  const isReconciler = model.isLoop(client) || state.turns.length > 0
  const how = loopState(state, model.now)
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
        {isReconciler && (
          <span className={style.state}>
            <Shape state={how.shape} size={12} /> {how.word}
          </span>
        )}
      </Head>
      {cache > 0 && (
        <Part title="What it can see" aside={sayBehind(cache, state.handedRevision, model.revision)}>
          <Ruler cache={cache} store={model.revision} who={place.who} />
        </Part>
      )}
      {isReconciler && (
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
      {place.role === 'scheduler' && model.lastSchedule && <SchedulerVerdict verdict={model.lastSchedule} />}
      {isReconciler && (
        <Part title="Last reconcile" aside={last ? `#${last.number} · ${milliseconds(last.trace.durationMs)}` : ''}>
          {last ? (
            <Reconcile model={model} turn={last} select={select} />
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

function OneEvent({ model, seq, select }: { model: LoopsModel; seq: number; select: Select }) {
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

function Reconcile({ model, turn, select }: { model: LoopsModel; turn: Turn; select: Select }) {
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

export function Part({ title, aside, children }: { title: string; aside?: string; children: ReactNode }) {
  return (
    <section className={style.part}>
      <h3>
        {title} {aside && <span className="quiet">{aside}</span>}
      </h3>
      {children}
    </section>
  )
}

function Head(props: { glyph?: ReactNode; title: string; close: () => void; children?: ReactNode }) {
  return (
    <div className={style.head}>
      <h2>
        {props.glyph}
        {props.title}
      </h2>
      {props.children}
      <Button small look="quiet" aria-label="Close" onClick={props.close}>
        <Icon name="close" size={12} />
      </Button>
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
