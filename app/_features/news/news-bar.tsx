'use client'

// Above a learner's lab: who has paused it, shows it, or asks for its keyboard. What is only told (an announcement, a hint,
// the lab that is open for everybody) lies over the lab, so that nothing moves under the hands of whoever types.

import Link from 'next/link'
import { useState } from 'react'
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
  return (
    <>
      <Doings news={news} />
      <Notes news={news} labId={labId} />
    </>
  )
}

/** What is being done with the learner's screen and keys. */
function Doings({ news: { keyboard, paused, projected } }: { news: NewsView }) {
  if (!keyboard && !paused && !projected) return null
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
    </div>
  )
}

function Notes({ news: { notes, openLab }, labId }: { news: NewsView; labId: string | undefined }) {
  const [hidden, setHidden] = useState<readonly string[]>([])
  const hide = (key: string) => setHidden([...hidden, key])
  const isInLab = labId !== undefined
  const shown = notes.filter(({ id, isHint, labId: of }) => !hidden.includes(id) && (!isHint || of === labId))
  const goes = openLab && openLab.labId !== labId && !hidden.includes(openLab.labId) ? openLab : null
  if (!goes && shown.length === 0) return null
  return (
    <div className={isInLab ? style.notes : style.bar} role="status" aria-live="polite">
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
          {isInLab && !isHint && <Hide onHide={() => hide(id)} />}
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
          {isInLab && <Hide onHide={() => hide(goes.labId)} />}
        </p>
      )}
    </div>
  )
}

/** Until the page is loaded again; it stands on the course page as well. */
function Hide({ onHide }: { onHide: () => void }) {
  return (
    <Button small look="quiet" onClick={onHide}>
      Hide
    </Button>
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
