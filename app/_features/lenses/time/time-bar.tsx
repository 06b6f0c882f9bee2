'use client'

// Time along the bottom of all lenses, in revisions: bars say where something was written, marks where you wrote, flags
// where the steps of the lab began and turned green. Away from now the bar is yellow, for it is where you look; nothing on
// the picture moves then unless it is played.

import { useElementSize } from '@mantine/hooks'
import { useMemo } from 'react'
import { Button } from '../../../_ui/button.tsx'
import { Icon } from '../../../_ui/icon.tsx'
import { Shape } from '../../../_ui/shape.tsx'
import type { LensProps } from '../lens.ts'
import { usePictureVersion } from '../picture/use-picture.ts'
import { knowsEventsOf } from './past-model.ts'
import style from './time-bar.module.css'
import { type Pace, paces } from './time-machine.ts'
import { type Bar, barsOf, type Flag, stepWords, type Timeline, ticksOf, type Write, writeAt } from './timeline.ts'
import { useTime } from './use-time.ts'

const barWidth = 6
/** So that numbers stand apart. */
const tickWidth = 72

export function TimeBar({ flags, ...props }: LensProps & { flags: readonly Flag[] }) {
  const { store } = props
  const time = useTime(props, flags)
  const version = usePictureVersion(store)
  const { ref, width } = useElementSize()
  const { wanted, problem } = time
  const timeline = time.timeline()
  const { first, last } = timeline
  const isPast = wanted !== undefined
  const at = wanted ?? last
  const write = writeAt(timeline, at)
  const words = wordsFor(at, write, store.live.now)
  const step = stepWords(timeline, at)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the live model is mutable, `version` says when it changed
  const bars = useMemo(() => barsOf(timeline, Math.max(1, Math.floor(width / barWidth))), [version, width, first, last])
  const isEmpty = last <= first
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out as a bar
    <div className={style.bar} role="group" aria-label="Time" data-past={wanted}>
      <p className={style.words} role="status">
        {problem ? (
          <b>{problem}</b>
        ) : isPast ? (
          <>
            <b>You look at revision {wanted}</b>
            {step && <span>{step}</span>}
            {words && <span>{words}</span>}
            {!knowsEventsOf(store.live.rows, wanted) && <span>what the loops did then is not kept here</span>}
          </>
        ) : null}
      </p>
      <span className={style.buttons}>
        <Button
          small
          aria-label={time.isPlaying ? 'Pause' : isPast ? 'Play on' : 'Play what you did last'}
          title={isPast ? undefined : 'See again what you did last'}
          disabled={isEmpty}
          onClick={() => (time.isPlaying ? time.pause() : void time.play())}
        >
          <Icon name={time.isPlaying ? 'hold' : 'play'} size={12} />
        </Button>
        <Button small aria-label="−1 revision" disabled={isEmpty || at <= first} onClick={() => void time.step(-1)}>
          −1
        </Button>
        <Button small aria-label="+1 revision" disabled={!isPast} onClick={() => void time.step(1)}>
          +1
        </Button>
        <select
          aria-label="Pace of playing"
          value={time.pace}
          onChange={(event) => time.setPace(Number(event.currentTarget.value) as Pace)}
        >
          {paces.map((pace) => (
            <option key={pace} value={pace}>
              {pace / paces[0]}×
            </option>
          ))}
        </select>
      </span>
      <div className={style.axis} ref={ref}>
        <Bars bars={bars} timeline={timeline} width={width} />
        <Flags timeline={timeline} />
        <output style={{ '--at': isEmpty ? 1 : (at - first) / (last - first) } as React.CSSProperties}>{at}</output>
        <input
          type="range"
          aria-label="Revision"
          aria-valuetext={
            isPast ? [`revision ${wanted}`, step, words].filter(Boolean).join(', ') : `now, revision ${last}`
          }
          min={first}
          max={Math.max(last, first + 1)}
          value={isEmpty ? first + 1 : at}
          disabled={isEmpty}
          onChange={(event) => void time.goTo(Number(event.currentTarget.value))}
          onKeyDown={(event) => {
            if (event.key !== 'PageUp' && event.key !== 'PageDown') return
            event.preventDefault()
            void time.goToMark(event.key === 'PageDown' ? 'back' : 'on')
          }}
        />
      </div>
      <Button
        small
        className={style.live}
        aria-pressed={isPast ? undefined : true}
        onClick={() => time.goLive()}
        title={isPast ? 'Back to now' : 'You see what happens now'}
      >
        {isPast ? 'Back to now' : 'Live'}
      </Button>
    </div>
  )
}

function wordsFor(at: number, write: Write | undefined, now: number): string {
  if (!write) return ''
  const what = write.revision === at ? write.words() : ''
  const ago = write.at ? `${secondsWords(Math.max(0, now - write.at))} ago` : ''
  return [ago, what].filter(Boolean).join(': ')
}

function secondsWords(ms: number): string {
  const seconds = Math.round(ms / 1000)
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
}

/** Told to the keyboard by the slider itself, which stops at each. */
function Flags({ timeline: { first, last, flags } }: { timeline: Timeline }) {
  const place = (revision: number) => (last > first ? (revision - first) / (last - first) : 1)
  return (
    <div className={style.flags} aria-hidden="true">
      {flags.map(({ revision, step, title, is }, nth) => {
        const next = flags.slice(nth + 1).find((flag) => flag.is === 'begun')
        const at = { '--at': place(revision), '--until': next ? place(next.revision) : 1 } as React.CSSProperties
        return (
          <span key={`${step} ${is}`} data-flag={`${step} ${is}`} style={at}>
            {is === 'begun' ? (
              <>
                <b>{step}</b> <em>{title}</em>
              </>
            ) : (
              <Shape state="ok" size={11} />
            )}
          </span>
        )
      })}
    </div>
  )
}

function Bars({ bars, timeline, width }: { bars: readonly Bar[]; timeline: Timeline; width: number }) {
  const most = Math.max(1, ...bars.map(({ writes }) => writes))
  const { first, last } = timeline
  const perRevision = width / (last - first + 1)
  return (
    <>
      <svg className={style.bars} width={width} height={20} aria-hidden="true">
        {bars.map(({ from, writes, isYours }) =>
          writes === 0 ? null : (
            <rect
              key={from}
              x={(from - first) * perRevision}
              width={3}
              y={20 - 4 - (writes / most) * 14}
              height={4 + (writes / most) * 14}
              data-yours={isYours || undefined}
            />
          ),
        )}
      </svg>
      <span className={style.end}>{first}</span>
      {ticksOf(timeline, Math.floor(width / tickWidth)).map((revision) => (
        <span key={revision} className={style.tick} style={{ left: (revision - first) * perRevision }}>
          {revision}
        </span>
      ))}
      <span className={style.end}>{last}</span>
    </>
  )
}
