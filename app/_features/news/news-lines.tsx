// What a learner is told, line by line, whether all lines stand below each other or one in a row of its own.

import Link from 'next/link'
import type { ReactNode } from 'react'
import type { NewsView } from '../../../server/classroom/teaching/wall-view.ts'
import { api } from '../../_api/api-client.ts'
import { Button } from '../../_ui/button.tsx'
import { Glyph } from '../../_ui/glyph.tsx'
import { Icon } from '../../_ui/icon.tsx'
import { InlineCode } from '../instructions/inline-code.tsx'
import style from './news.module.css'

export interface NewsLine {
  key: string
  kind: 'paused' | 'projected' | 'keyboard-asked' | 'keyboard-given' | 'hint' | 'announcement' | 'open-lab'
  sign?: ReactNode
  words: ReactNode
  actions?: ReactNode
}

/**
 * What asks for an answer or changes what one can do is first, then what is new. `labId`: the lab that is on this page, if one
 * is. `read`: keys of lines that have been seen, which stand last.
 */
export function newsLines(
  news: NewsView,
  { labId, read }: { labId?: string; read?: ReadonlySet<string> } = {},
): NewsLine[] {
  const { keyboard, openLab, notes, paused, projected } = news
  const lines: NewsLine[] = []
  if (keyboard?.state === 'asked') lines.push(keyboardAsked(keyboard.by))
  if (paused) {
    const words = (
      <>
        <b>{paused.by} has paused everyone.</b> Your loops are held, and your terminal takes no keys until it goes on.
      </>
    )
    lines.push({ key: 'paused', kind: 'paused', sign: <Icon name="hold" size={14} />, words })
  }
  if (keyboard?.state === 'given') lines.push(keyboardGiven(keyboard.by, paused !== null))
  if (projected) {
    const words = (
      <>
        <b>{projected.by} shows your screen to the class:</b> your picture and your terminal.
      </>
    )
    lines.push({ key: 'projected', kind: 'projected', sign: <Glyph who="you" />, words })
  }
  const shown = notes.filter((note) => !note.isHint || note.labId === labId).reverse()
  const goes = openLab && openLab.labId !== labId ? [openFor(openLab)] : []
  return [
    ...lines,
    ...shown.filter(({ id }) => !read?.has(id)).map(noteLine),
    ...goes,
    ...shown.filter(({ id }) => read?.has(id)).map(noteLine),
  ]
}

function keyboardAsked(by: string): NewsLine {
  const answer = (allow: boolean) => void api.news.answerKeyboard.mutate({ allow })
  return {
    key: 'keyboard',
    kind: 'keyboard-asked',
    sign: <Glyph who="you" />,
    words: (
      <>
        <b>{by} asks for your keyboard</b>, to type in your terminal. You see every key, and can end it at any time.
      </>
    ),
    actions: (
      <>
        <Button small look="go" onClick={() => answer(true)}>
          Allow
        </Button>
        <Button small onClick={() => answer(false)}>
          Not now
        </Button>
      </>
    ),
  }
}

function keyboardGiven(by: string, isPaused: boolean): NewsLine {
  return {
    key: 'keyboard',
    kind: 'keyboard-given',
    sign: <Glyph who="you" />,
    words: (
      <>
        <b>{by} has the keyboard.</b> {!isPaused && 'You can type as well.'}
      </>
    ),
    actions: (
      <Button small onClick={() => void api.news.takeKeyboardBack.mutate()}>
        Take it back
      </Button>
    ),
  }
}

function noteLine({ id, isHint, from, text }: NewsView['notes'][number]): NewsLine {
  const thanks = (
    <Button small look="quiet" onClick={() => void api.news.read.mutate({ noteId: id })}>
      Thanks
    </Button>
  )
  return {
    key: id,
    kind: isHint ? 'hint' : 'announcement',
    words: (
      <>
        <span className="quiet">{isHint ? `A hint from ${from}:` : `${from}:`}</span>{' '}
        <b>
          <InlineCode text={text} />
        </b>
      </>
    ),
    ...(isHint ? { actions: thanks } : {}),
  }
}

function openFor({ labId, number, title }: NonNullable<NewsView['openLab']>): NewsLine {
  return {
    key: `lab ${labId}`,
    kind: 'open-lab',
    words: (
      <>
        Your class is at <b>lab {number}</b>, {title}.
      </>
    ),
    actions: (
      <Link className={style.go} href={`/labs/${labId}`}>
        Open it
      </Link>
    ),
  }
}
