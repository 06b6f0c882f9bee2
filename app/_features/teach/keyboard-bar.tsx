'use client'

// On the lower edge of a learner's terminal: ask for the keyboard, wait, have it, give it back.

import { useEffect, useState } from 'react'
import { api, wordsOf } from '../../_api/api-client.ts'
import { Button } from '../../_ui/button.tsx'
import { Glyph } from '../../_ui/glyph.tsx'
import style from './keyboard-bar.module.css'

interface Props {
  classId: string
  learnerId: string
  name: string
}

type Shared = 'none' | 'asked' | 'given' | 'taken'

export function KeyboardBar({ classId, learnerId, name }: Props) {
  const [state, setState] = useState<Shared>('none')
  const [wasGiven, setWasGiven] = useState(false)
  const [error, setError] = useState('')
  useEffect(() => {
    const subscription = api.teach.keyboard.subscribe(
      { classId, learnerId },
      {
        onData: (next) => {
          setState((before) => {
            setWasGiven(before === 'given' && next.state === 'none')
            return next.state
          })
        },
        onError: (cause) => setError(wordsOf(cause)),
      },
    )
    return () => subscription.unsubscribe()
  }, [classId, learnerId])
  const failed = (cause: unknown) => setError(wordsOf(cause))
  return (
    <div className={style.keyboard} data-state={state} role="status">
      <Glyph who="you" />
      <span>{error || (wasGiven ? `The keyboard is ${name}’s again. You are looking.` : words(state, name))}</span>
      {state === 'none' && (
        <Button small onClick={() => api.teach.askKeyboard.mutate({ classId, learnerId }).catch(failed)}>
          Ask for the keyboard
        </Button>
      )}
      {(state === 'asked' || state === 'given') && (
        <Button small onClick={() => api.teach.giveBackKeyboard.mutate({ classId, learnerId }).catch(failed)}>
          {state === 'given' ? 'Give it back' : 'Take back the question'}
        </Button>
      )}
    </div>
  )
}

function words(state: Shared, name: string): React.ReactNode {
  switch (state) {
    case 'none':
      return 'You are looking. Keys do nothing here.'
    case 'asked':
      return `Asked. Waiting for ${name}.`
    case 'given':
      return (
        <>
          <b>You have the keyboard.</b> {name} sees every key, and either of you can end it.
        </>
      )
    case 'taken':
      return 'Somebody else helps here at the moment.'
  }
}
