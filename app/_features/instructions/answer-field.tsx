'use client'

// Something to find out and type. The cluster's check judges it, so what it says changes when the cluster does.

import { useId, useState } from 'react'
import type { CheckResult, StepBlock } from '../../../server/classroom/api/contract.ts'
import { Button } from '../../_ui/button.tsx'
import { Shape } from '../../_ui/shape.tsx'
import { InlineCode } from './inline-code.tsx'
import style from './question-card.module.css'

interface Props {
  block: Extract<StepBlock, { type: 'answer' }>
  typed: string | undefined
  result: CheckResult | undefined
  isReady: boolean
  onType(text: string): void
}

export function AnswerField({ block, typed, result, isReady, onType }: Props) {
  const id = useId()
  const [text, setText] = useState<string>()
  const shown = text ?? typed ?? ''
  const isRight = result?.state === 'ok'
  return (
    <form
      className={style.answer}
      data-answer={block.id}
      onSubmit={(event) => {
        event.preventDefault()
        if (shown.trim()) onType(shown)
      }}
    >
      <label htmlFor={id}>
        <InlineCode text={block.question} />
      </label>
      <div>
        <input
          id={id}
          value={shown}
          placeholder={block.placeholder}
          readOnly={isRight}
          maxLength={200}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button type="submit" disabled={!isReady || isRight || !shown.trim()}>
          Answer
        </Button>
      </div>
      <div aria-live="polite">
        {typed !== undefined && result && (isRight || result.message) && (
          <p className={style.saw}>
            <Shape state={isRight ? 'ok' : 'fail'} label={isRight ? 'Right' : 'Not so'} size={15} />{' '}
            <InlineCode text={isRight ? `Right: ${typed}.` : result.message} />
          </p>
        )}
      </div>
    </form>
  )
}
