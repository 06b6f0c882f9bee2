'use client'

// Above a learner's lab: what was announced, the lab that is open for everybody, a hint, and who asks for the keyboard.

import Link from 'next/link'
import type { NewsView } from '../../../server/classroom/teaching/wall-view.ts'
import { api } from '../../_api/api-client.ts'
import { Button } from '../../_ui/button.tsx'
import { Glyph } from '../../_ui/glyph.tsx'
import { Icon } from '../../_ui/icon.tsx'
import { InlineCode } from '../instructions/inline-code.tsx'
import style from './news.module.css'

/** `labId`: the lab that is on this page, if one is. */
export function NewsBar({ news, labId }: { news: NewsView | undefined; labId?: string }) {
  if (!news) return null
  const { keyboard, openLab, notes, paused, projected } = news
  const shown = notes.filter((note) => !note.isHint || note.labId === labId)
  const goes = openLab && openLab.labId !== labId ? openLab : null
  if (!keyboard && !paused && !projected && !goes && shown.length === 0) return null
  return (
    <div className={style.bar} role="status" aria-live="polite">
      {paused && (
        <p className={style.line} data-kind="paused">
          <Icon name="hold" size={14} />
          <span>
            <b>{paused.by} has paused everyone.</b> Your loops are held, and your terminal takes no keys until it goes
            on.
          </span>
        </p>
      )}
      {projected && (
        <p className={style.line} data-kind="projected">
          <Glyph who="you" />
          <span>
            <b>{projected.by} shows your screen to the class:</b> your picture and your terminal.
          </span>
        </p>
      )}
      {keyboard && <Keyboard keyboard={keyboard} isPaused={paused !== null} />}
      {shown.map(({ id, isHint, from, text }) => (
        <p key={id} className={style.line} data-kind={isHint ? 'hint' : 'announcement'}>
          <span>
            <span className="quiet">{isHint ? `A hint from ${from}:` : `${from}:`}</span>{' '}
            <b>
              <InlineCode text={text} />
            </b>
          </span>
          {isHint && (
            <Button small look="quiet" onClick={() => void api.news.read.mutate({ noteId: id })}>
              Thanks
            </Button>
          )}
        </p>
      ))}
      {goes && (
        <p className={style.line}>
          <span>
            Your class is at <b>lab {goes.number}</b>, {goes.title}.
          </span>
          <Link className={style.go} href={`/labs/${goes.labId}`}>
            Open it
          </Link>
        </p>
      )}
    </div>
  )
}

function Keyboard({ keyboard, isPaused }: { keyboard: NonNullable<NewsView['keyboard']>; isPaused: boolean }) {
  const { by, state } = keyboard
  const answer = (allow: boolean) => void api.news.answerKeyboard.mutate({ allow })
  return (
    <p className={style.line} data-kind="keyboard" data-state={state}>
      <Glyph who="you" />
      {state === 'asked' ? (
        <>
          <span>
            <b>{by} asks for your keyboard</b>, to type in your terminal. You see every key, and can end it at any time.
          </span>
          <Button small look="go" onClick={() => answer(true)}>
            Allow
          </Button>
          <Button small onClick={() => answer(false)}>
            Not now
          </Button>
        </>
      ) : (
        <>
          <span>
            <b>{by} has the keyboard.</b> {!isPaused && 'You can type as well.'}
          </span>
          <Button small onClick={() => void api.news.takeKeyboardBack.mutate()}>
            Take it back
          </Button>
        </>
      )}
    </p>
  )
}
