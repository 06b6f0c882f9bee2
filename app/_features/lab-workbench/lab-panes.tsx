'use client'

// The panes as the layouts place them, with what each shows while the lab is not ready.

import { useLocalStorage } from '@mantine/hooks'
import { useMemo } from 'react'
import { Button } from '../../_ui/button.tsx'
import { Shape } from '../../_ui/shape.tsx'
import { Instructions } from '../instructions/instructions.tsx'
import { LensFrame } from '../lenses/lens-frame.tsx'
import { LensScope } from '../lenses/lens-scope.tsx'
import { TerminalPane } from '../terminal/terminal-pane.tsx'
import style from './lab-workbench.module.css'
import type { Panes } from './panes.ts'
import { useSeconds } from './use-seconds.ts'

export function ReadPane({
  panes,
  children,
  isSmall,
}: {
  panes: Panes
  children?: React.ReactNode
  isSmall?: boolean
}) {
  const { run, runCommand, openFile } = panes
  return (
    <Instructions
      run={run}
      onRun={runCommand}
      onFile={openFile}
      notice={isSmall ? <PhaseNotice panes={panes} /> : undefined}
    >
      {children}
    </Instructions>
  )
}

interface PictureProps {
  panes: Panes
  isFull?: boolean
  isSmall?: boolean
  lookCloser?: (() => void) | undefined
}

export function PicturePane({ panes, isFull, isSmall, lookCloser }: PictureProps) {
  const [view, setView] = useLocalStorage<'canvas' | 'table'>({
    key: isSmall ? 'podium.picture.small' : 'podium.picture',
    defaultValue: isSmall ? 'table' : 'canvas',
    getInitialValueInEffect: false,
  })
  const { lab, session } = panes.run
  const told = session?.flags
  const flags = useMemo(
    () => told?.map((flag) => ({ ...flag, title: lab?.steps[flag.step - 1]?.title ?? '' })),
    [told, lab],
  )
  return (
    <div className={style.picture}>
      <PhaseNotice panes={panes} />
      <div className={style.pictureBody}>
        <LensFrame
          store={panes.store}
          sessionId={session?.id}
          choice={panes.lens}
          {...(flags ? { flags } : {})}
          {...panes.selecting}
          lookCloser={lookCloser}
          view={view}
          onView={setView}
          isFull={isFull ?? false}
          onFull={isSmall ? undefined : () => panes.toggleFull('picture')}
        />
      </div>
    </div>
  )
}

export function ShellPane({ panes, isFull, isSmall }: { panes: Panes; isFull?: boolean; isSmall?: boolean }) {
  const { session } = panes.run
  if (!session) return <p className={style.later}>A shell opens here as soon as your lab has begun.</p>
  return (
    <TerminalPane
      key={session.id}
      ref={panes.terminal}
      sessionId={session.id}
      tabs={session.terminals}
      nodes={session.nodes}
      desk={panes.desk}
      beside={panes.beside}
      refusal={panes.run.refusal}
      isPeek={isSmall && panes.smallTab === 'read'}
      isFull={isFull ?? false}
      onFull={isSmall ? undefined : () => panes.toggleFull('terminal')}
    />
  )
}

export function ScopePane({ panes, lookCloser }: Pick<PictureProps, 'panes' | 'lookCloser'>) {
  return (
    <LensScope
      choice={panes.lens}
      store={panes.store}
      sessionId={panes.run.session?.id}
      {...panes.selecting}
      lookCloser={lookCloser}
    />
  )
}

/** What is going on while the lab is not ready; over ten seconds, a way out. */
function PhaseNotice({ panes }: { panes: Panes }) {
  const { session, error, refusal, retry, reset } = panes.run
  const isWaiting = !error && (!session || ['queued', 'starting', 'resetting'].includes(session.phase))
  const seconds = useSeconds(isWaiting)
  if (error && !session) {
    return (
      <div className={style.notice} data-kind="failed" role="alert">
        <Shape state="fail" />
        <span>
          <b>The lab did not start.</b> {error}
        </span>
        <Button small onClick={retry}>
          Try again
        </Button>
      </div>
    )
  }
  if (refusal) {
    return (
      <div className={style.notice} data-kind="failed" data-refused role="alert">
        <Shape state="held" />
        <span>
          <b>This lab is not open to you now.</b> {refusal}
        </span>
      </div>
    )
  }
  if (session?.phase === 'failed') {
    return (
      <div className={style.notice} data-kind="failed" role="alert">
        <Shape state="fail" />
        <span>
          <b>This lab does not run.</b> {session.message}
        </span>
        <Button small onClick={retry}>
          Open it again
        </Button>
        <Button small look="quiet" onClick={() => reset()}>
          Start it afresh
        </Button>
      </div>
    )
  }
  if (session?.phase === 'asleep') {
    return (
      <div className={style.notice} data-phase="asleep" role="status">
        <Shape state="held" />
        <span>
          <b>{session.message}</b> Click anywhere or press a key to wake it.
        </span>
        <Button small look="go" onClick={retry}>
          Wake it
        </Button>
      </div>
    )
  }
  if (!isWaiting) return null
  const isLate = seconds >= 10 && session?.phase !== 'queued'
  const what =
    session?.message || (session?.phase === 'resetting' ? 'Putting the lab back to its start' : 'Starting your cluster')
  return (
    <div className={style.notice} role="status" data-phase={session?.phase ?? 'starting'}>
      <Shape state="wait" />
      <span>
        <b>{what.replace(/\.$/, '')}</b>
        {seconds >= 2 && <span aria-hidden="true">, {seconds} s</span>}
        {isLate && '. This takes longer than usual; you may go on reading, or start over.'}
      </span>
      {isLate && (
        <Button small onClick={() => (session ? reset() : retry())}>
          Start over
        </Button>
      )}
    </div>
  )
}
