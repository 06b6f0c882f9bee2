'use client'

// The attempts to write one object, from left to right in the API server's band, each with its writer on the side where
// that writer stands: loops above, you, the scheduler and machines below. What was taken went on to the tape at the right.

import { Glyph, hueOf } from '../../../_ui/glyph.tsx'
import { Shape } from '../../../_ui/shape.tsx'
import type { PictureLayout } from '../canvas/picture-layout.ts'
import type { LayerProps } from '../lens.ts'
import { focusOf } from '../picture/focus.ts'
import type { PictureModel } from '../picture/picture-model.ts'
import { shortName } from '../picture/short-name.ts'
import { usePictureVersion } from '../picture/use-picture.ts'
import { compared, outcome, shapeOf } from './attempt-words.ts'
import { type Attempt, attemptsOf, type Folded, foldStatus } from './attempts.ts'
import style from './revisions.module.css'

const least = 116
/** As many as a search for enough columns needs; the rest is in the table. */
const mostAttempts = 100
const gap = 8

export function RevisionsLayer({ store, selection, select, layout }: LayerProps) {
  usePictureVersion(store)
  const { model } = store
  const object = focusOf(model, selection)
  const { api, compact } = layout
  const inner = { x: api.x + 10, y: api.y + (compact ? 24 : 34), width: api.width - 20 }
  const height = api.y + api.height - inner.y - (compact ? 4 : 8)
  const fitting = Math.max(1, Math.floor((inner.width + gap) / (least + gap)))
  const attempts = object ? foldStatus(attemptsOf(model, object, mostAttempts)).slice(-fitting) : []
  const width = (inner.width - gap * (fitting - 1)) / fitting
  const chosen = selection && 'seq' in selection ? selection.seq : undefined
  return (
    <div className={style.layer}>
      {attempts.length === 0 && (
        <p className={style.empty} style={{ left: inner.x, top: inner.y, width: inner.width }}>
          {object ? (
            <>
              Nobody has written <code>{object.name}</code> since what is kept here began.
            </>
          ) : (
            <>
              No revisions yet. Create something: <code>kubectl create deployment web --image=nginx</code>
            </>
          )}
        </p>
      )}
      {attempts.map((attempt, index) => {
        const x = inner.x + index * (width + gap)
        return (
          <div key={attempt.seq}>
            <Writer attempt={attempt} model={model} layout={layout} x={x} width={width} />
            <button
              type="button"
              className={`${style.attempt} nopan`}
              style={{ left: x, top: inner.y, width, height }}
              data-attempt={'count' in attempt ? attempt.upTo : (attempt.wrote?.revision ?? attempt.code)}
              data-refused={isRefused(attempt) || undefined}
              data-quiet={'count' in attempt || undefined}
              aria-pressed={chosen === attempt.seq}
              onClick={() => select(chosen === attempt.seq && object ? { object } : { seq: attempt.seq })}
            >
              {'count' in attempt ? (
                <>
                  <span>{attempt.count === 1 ? 'its status' : `${attempt.count} × its status`}</span>
                  {!compact && <span>now {attempt.upTo}</span>}
                </>
              ) : (
                <>
                  <span>
                    <b>{compared(attempt)}</b>
                    <Shape state={shapeOf(attempt)} size={13} />
                  </span>
                  {!compact && <span>{attempt.wrote ? outcome(attempt) : 'nothing is written'}</span>}
                </>
              )}
            </button>
          </div>
        )
      })}
    </div>
  )
}

const isRefused = (attempt: Attempt | Folded): boolean => !('count' in attempt) && !attempt.wrote

function Writer(props: {
  attempt: Attempt | Folded
  model: PictureModel
  layout: PictureLayout
  x: number
  width: number
}) {
  const { attempt, model, layout, x, width } = props
  const place = model.place(attempt.client)
  const isAbove = place.role === 'loop' || place.role === 'other'
  const { api, fold, you } = layout
  const [from, to] = isAbove ? [fold.y + fold.height, api.y] : [you.y, api.y + api.height]
  const name = place.node ? `${place.label} ${place.node}` : place.label
  const words = 'count' in attempt ? 'PUT status' : `${attempt.method}${attempt.wrote ? '' : `, ${attempt.code}`}`
  const isTight = Math.abs(from - to) < 48
  return (
    <div
      className={style.writer}
      data-above={isAbove || undefined}
      data-refused={isRefused(attempt) || undefined}
      style={
        {
          left: x,
          top: Math.min(from, to),
          width,
          height: Math.abs(from - to),
          '--hue': hueOf(place.who),
        } as React.CSSProperties
      }
    >
      <i aria-hidden="true" />
      <span title={attempt.client}>
        <Glyph who={place.who} size={12} /> {shortName(name, Math.max(8, Math.floor((width - 34) / 6.6)))}
      </span>
      {!isTight && <code>{words}</code>}
    </div>
  )
}
