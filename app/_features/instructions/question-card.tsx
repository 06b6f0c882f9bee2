'use client'

// A prediction before the learner acts, or a quiz question: the same card and the same tone, right or wrong.

import { useId } from 'react'
import type { AnswerResult, StepBlock } from '../../../server/classroom/api/contract.ts'
import { Shape } from '../../_ui/shape.tsx'
import { InlineCode } from './inline-code.tsx'
import style from './question-card.module.css'

interface Props {
  question: Extract<StepBlock, { type: 'predict' | 'quiz' }>
  answer: AnswerResult | undefined
  onAnswer(choice: number): void
  isReady: boolean
}

export function QuestionCard({ question, answer, onAnswer, isReady }: Props) {
  const name = useId()
  // A prediction is made once; a quiz may be tried again until it is right.
  const isLocked = !isReady || (answer !== undefined && (question.type === 'predict' || answer.correct))
  return (
    <fieldset className={style.question} data-question={question.id}>
      <legend>
        <InlineCode text={question.question} />
      </legend>
      {question.options.map((option, index) => (
        <label key={option} data-mine={answer?.choice === index || undefined} data-locked={isLocked || undefined}>
          <input
            type="radio"
            name={name}
            checked={answer?.choice === index}
            disabled={isLocked && answer?.choice !== index}
            onChange={() => !isLocked && onAnswer(index)}
          />
          <span>
            <InlineCode text={option} />
          </span>
        </label>
      ))}
      <div aria-live="polite">
        {answer && (
          <p className={style.saw}>
            <Shape state={answer.correct ? 'ok' : 'fail'} label={answer.correct ? 'Right' : 'Not so'} size={15} />{' '}
            <InlineCode text={answer.explanation} />
          </p>
        )}
      </div>
    </fieldset>
  )
}
