// What is said over a shell while nobody hears what is typed into it, or when that was so.

import type { RefObject } from 'react'
import { Button } from '../../_ui/button.tsx'
import style from './terminal.module.css'
import type { TerminalConnection, TerminalState } from './terminal-connection.ts'

interface Props {
  state: TerminalState
  refusal: string
  connection: RefObject<TerminalConnection | null>
}

export function ConnectionBar({ state, refusal, connection }: Props) {
  const words = wordsOf(state, refusal)
  if (!words) return null
  const action = actionOf(state)
  return (
    <div className={style.bar} role="status">
      <span className={style.words}>{words}</span>
      {action && (
        <Button small onClick={() => connection.current?.[action.does]()}>
          {action.label}
        </Button>
      )}
    </div>
  )
}

function wordsOf({ state, tries, exit, late, lost }: TerminalState, refusal: string): string | undefined {
  const gone = 'What you typed last may not have arrived: look before you type it again.'
  if (state === 'refused') return `This shell is closed to you. ${refusal}`
  if (state === 'ended') return `The shell ended with ${exit}.`
  if (state === 'broken') {
    return `The connection broke. Trying again (${tries}); your shell is kept.${lost ? ` ${gone}` : ''}`
  }
  if (lost) return `The connection was gone for a while. ${gone}`
  return late ? 'No answer to what you typed yet. Asking whether the classroom is still there.' : undefined
}

function actionOf({ state, lost }: TerminalState): { label: string; does: 'reconnect' | 'noted' } | undefined {
  if (state === 'ended') return { label: 'New shell', does: 'reconnect' }
  if (state === 'broken') return { label: 'Reconnect now', does: 'reconnect' }
  return state === 'open' && lost ? { label: 'All right', does: 'noted' } : undefined
}
