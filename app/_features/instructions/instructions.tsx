'use client'

// The step at hand: what to read, what to run, what will happen, when it is done.

import { type ReactNode, useEffect, useRef } from 'react'
import type { SessionView, StepBlock, StepView } from '../../../server/classroom/api/contract.ts'
import type { LabSession } from '../lab-workbench/use-lab-session.ts'
import { AnswerField } from './answer-field.tsx'
import { CheckList } from './check-list.tsx'
import { CommandBlock } from './command-block.tsx'
import { FileBlock } from './file-block.tsx'
import { HintList } from './hint-list.tsx'
import style from './instructions.module.css'
import { LabDone } from './lab-done.tsx'
import { QuestionCard } from './question-card.tsx'
import { StepFooter } from './step-footer.tsx'
import { StepProgress } from './step-progress.tsx'

interface Props {
  run: LabSession
  /** Resolves to whether it was typed. */
  onRun(command: string): Promise<boolean>
  onFile(name: string, text: string): void
  /** Over the end of the text, on small screens. */
  notice?: ReactNode
  /** Between the text and the checks, on small screens. */
  children?: ReactNode
}

export function Instructions({ run, onRun, onFile, notice, children }: Props) {
  const { lab, session } = run
  const number = session?.step ?? 1
  const step = lab?.steps.find((one) => one.number === number)
  const bodyRef = useRef<HTMLDivElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new step is read from its top
  useEffect(() => {
    bodyRef.current?.scrollTo({ top: 0 })
  }, [number])
  return (
    <div className={style.read}>
      <StepProgress
        count={lab?.steps.length ?? 0}
        at={number}
        reached={session?.reached ?? 1}
        done={session?.done ?? false}
      />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
      <section className={style.body} ref={bodyRef} tabIndex={0} aria-label="Step">
        {!lab && !run.error && <p className="quiet">Opening the lab …</p>}
        {!lab && run.error && (
          <p className={style.error} role="alert">
            <b>The lab could not be opened.</b> {run.error}
          </p>
        )}
        {lab && step && (
          <>
            <div role="status">{session?.notice && <p className={style.notice}>{session.notice}</p>}</div>
            <p className={style.count}>
              Step {step.number} of {lab.steps.length}
            </p>
            <h2 className={style.title}>{step.title}</h2>
            <Blocks key={step.number} step={step} session={session} run={run} onRun={onRun} onFile={onFile} />
            {children}
            {step.checks.length > 0 && <CheckList checks={step.checks} results={session?.checks ?? {}} />}
            {step.number === lab.steps.length && <LabDone lab={lab} isDone={session?.done} />}
            {step.hints.length > 0 && <HintList hints={step.hints} opened={session?.hints ?? {}} open={run.openHint} />}
            {run.error && session && (
              <p className={style.error} role="alert">
                <b>That did not work.</b> {run.error}
              </p>
            )}
            {run.isBehind && (
              <p className={style.error} role="status">
                <b>The classroom does not answer.</b> Trying again; the checks are as last heard.
              </p>
            )}
          </>
        )}
      </section>
      {notice && <div className={style.over}>{notice}</div>}
      {lab && step && <StepFooter lab={lab} step={step} session={session} run={run} />}
    </div>
  )
}

interface BlocksProps {
  step: StepView
  session: SessionView | undefined
  run: LabSession
  onRun(command: string): Promise<boolean>
  onFile(name: string, text: string): void
}

function Blocks({ step, session, run, onRun, onFile }: BlocksProps) {
  let isAsked = false
  const isReady = session?.phase === 'ready'
  return step.blocks.map((block, index) => {
    const key = `${block.type} ${index}`
    if (block.type === 'predict' && !session?.answers[block.id]) isAsked = true
    return (
      <Block
        key={key}
        step={step}
        block={block}
        mayRun={isReady}
        isAsked={isAsked}
        session={session}
        run={run}
        onRun={onRun}
        onFile={onFile}
      />
    )
  })
}

interface BlockProps extends BlocksProps {
  block: StepBlock
  mayRun: boolean
  /** A prediction before this block still waits for its answer. */
  isAsked: boolean
}

function Block({ step, block, mayRun, isAsked, session, run, onRun, onFile }: BlockProps) {
  switch (block.type) {
    case 'prose':
      // biome-ignore lint/security/noDangerouslySetInnerHtml: rendered by the classroom from our own Markdown
      return <div className={style.prose} dangerouslySetInnerHTML={{ __html: block.html }} />
    case 'command':
      return <CommandBlock command={block.command} mayRun={mayRun} isAsked={isAsked} onRun={onRun} />
    case 'file':
      return <FileBlock name={block.name} text={block.text} mayOpen={mayRun} onOpen={onFile} />
    case 'answer':
      return (
        <AnswerField
          block={block}
          typed={session?.typed[block.id]}
          result={session?.checks[`${step.number}.${block.id}`]}
          isReady={mayRun}
          onType={(text) => run.typeAnswer(block.id, text)}
        />
      )
    case 'predict':
    case 'quiz':
      return (
        <QuestionCard
          question={block}
          answer={session?.answers[block.id]}
          onAnswer={(choice) => run.answer(block.id, choice)}
          isReady={session !== undefined}
        />
      )
  }
}
