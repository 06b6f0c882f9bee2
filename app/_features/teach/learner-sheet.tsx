'use client'

// One learner opened: what is missing, their terminal as it is, and what one can do for them.

import dynamic from 'next/dynamic'
import Link from 'next/link'
import { useState } from 'react'
import type { SnapshotView, Tile } from '../../../server/classroom/teaching/wall-view.ts'
import { api } from '../../_api/api-client.ts'
import { Button } from '../../_ui/button.tsx'
import { Icon } from '../../_ui/icon.tsx'
import { Question } from '../../_ui/question.tsx'
import { Shape } from '../../_ui/shape.tsx'
import { InlineCode } from '../instructions/inline-code.tsx'
import { lasted } from './duration.ts'
import { KeyboardBar } from './keyboard-bar.tsx'
import style from './learner-sheet.module.css'
import { PutBackQuestion } from './put-back-question.tsx'
import { SayForm } from './say-form.tsx'
import { SnapshotMenu } from './snapshot-menu.tsx'
import { useAct } from './use-act.ts'
import { hasLeft } from './who-is-shown.ts'

const TerminalScreen = dynamic(() => import('../terminal/terminal-screen.tsx').then((file) => file.TerminalScreen), {
  ssr: false,
})

interface Props {
  tile: Tile
  now: number
  classId: string
  onClose(): void
}

export function LearnerSheet({ tile, now, classId, onClose }: Props) {
  const act = useAct()
  const [asking, setAsking] = useState<'hint' | 'reset' | SnapshotView | null>(null)
  const [tab, setTab] = useState('')
  const { learnerId, name, lab, check, sessionId, hand, tabs } = tile
  const shown = tabs.find((one) => one.name === tab)?.name ?? tabs[0]?.name ?? '1'
  const whom = { classId, learnerId }
  return (
    <section className={style.sheet} aria-label={name} data-sheet={name}>
      <header>
        <div className={style.sheetHead}>
          <h2>{name}</h2>
          {tile.state === 'stuck' && (
            <span className={style.stuckPill}>
              <Shape state="fail" size={12} /> stuck {lasted(tile.stuckSince, now)}
            </span>
          )}
          <CloseButton onClose={onClose} />
        </div>
        <p className="quiet">
          {lab ? `Lab ${lab.number}, ${lab.title}. Step ${lab.step} of ${lab.steps}.` : 'Has not opened a lab yet.'}
        </p>
        {hand && (
          <p className={style.raised}>
            <span className={style.hand}>
              <Icon name="hand" size={14} />
            </span>
            <span>
              {hand.words ? `“${hand.words}”` : 'Raised a hand.'} {lasted(hand.since, now)}
            </span>
            <Button small onClick={() => act.run(() => api.teach.lowerHand.mutate(whom))}>
              Helped
            </Button>
          </p>
        )}
      </header>
      {check && (
        <section className={style.missing}>
          <Shape state={tile.state === 'stuck' || tile.state === 'failing' ? 'fail' : 'wait'} />
          <span>
            <b>
              <InlineCode text={check.aim} />
            </b>{' '}
            <span className="quiet">
              {check.tries} {check.tries === 1 ? 'try' : 'tries'}
            </span>
            <span className={style.message}>
              <InlineCode text={check.message} />
            </span>
          </span>
        </section>
      )}
      <section className={style.live}>
        <h3>Terminal, live</h3>
        {sessionId ? (
          <>
            {tabs.length > 1 && (
              <fieldset className={style.tabs} aria-label="Shells">
                {tabs.map((tab) => (
                  <Button
                    key={tab.name}
                    small
                    look="quiet"
                    title={tab.title}
                    aria-pressed={tab.name === shown}
                    onClick={() => setTab(tab.name)}
                  >
                    <code>{tab.title}</code>
                  </Button>
                ))}
              </fieldset>
            )}
            <TerminalScreen key={`${sessionId} ${shown}`} sessionId={sessionId} tab={shown} title={name} />
            <KeyboardBar classId={classId} learnerId={learnerId} name={name} />
          </>
        ) : (
          <p className="quiet">There is a terminal here once {name} has opened a lab.</p>
        )}
      </section>
      {asking === 'hint' && (
        <SayForm
          label={`A hint for ${name}`}
          placeholder="Compare the selector with the Pods’ labels."
          action="Send"
          onLeave={() => setAsking(null)}
          onSay={(text) => {
            setAsking(null)
            act.run(
              () => api.teach.hint.mutate({ ...whom, text }),
              () => `${name} sees it beside the instructions.`,
            )
          }}
        />
      )}
      {asking === 'reset' && (
        <Question className={style.confirm} label={`Reset ${name}’s lab?`} onEscape={() => setAsking(null)}>
          <p>
            <b>Reset {name}’s lab?</b> Everything in {name}’s cluster goes, and the lab begins again.
          </p>
          <Button
            small
            look="stop"
            onClick={() => {
              setAsking(null)
              act.run(
                () => api.teach.resetLab.mutate(whom),
                () => `${name}’s lab is being put back to its start.`,
              )
            }}
          >
            Reset
          </Button>
          <Button small look="quiet" data-autofocus onClick={() => setAsking(null)}>
            Leave it
          </Button>
        </Question>
      )}
      {asking !== null && typeof asking === 'object' && (
        <PutBackQuestion whom={whom} name={name} snapshot={asking} run={act.run} onClose={() => setAsking(null)} />
      )}
      {act.said && (
        <p role={act.isFailed ? 'alert' : 'status'} className={style.said}>
          {act.said}
        </p>
      )}
      <footer>
        <Button look="go" disabled={!sessionId} onClick={() => setAsking('hint')}>
          Send a hint
        </Button>
        {sessionId && (
          <Link className={style.link} href={`/teach/${classId}/learners/${sessionId}`}>
            Picture
          </Link>
        )}
        {sessionId && (
          <Link className={style.link} href={`/teach/${classId}/learners/${sessionId}/projector`} target="_blank">
            Projector
          </Link>
        )}
        {tile.nodes.map(({ name: machine, ready }) => (
          <Button
            key={machine}
            small
            onClick={() =>
              act.run(() => api.teach.switchMachine.mutate({ ...whom, machine, to: ready ? 'killed' : 'started' }))
            }
          >
            {ready ? `Kill ${machine}` : `Start ${machine}`}
          </Button>
        ))}
        {(tile.held > 0 || tile.paused) && (
          <Button small onClick={() => act.run(() => api.teach.release.mutate(whom))}>
            Release loops
          </Button>
        )}
        {sessionId && <SnapshotMenu whom={whom} name={name} run={act.run} onPutBack={setAsking} />}
        <Button look="stop" disabled={!sessionId} onClick={() => setAsking('reset')}>
          Reset…
        </Button>
      </footer>
    </section>
  )
}

/** In its place when they were removed while it was open. */
export function LeftSheet({ name, onClose }: { name: string; onClose(): void }) {
  return (
    <section className={style.sheet} aria-label={name} data-sheet={name}>
      <header>
        <div className={style.sheetHead}>
          <h2>{name}</h2>
          <CloseButton onClose={onClose} />
        </div>
      </header>
      <p className={style.left} role="status">
        {hasLeft(name)}
      </p>
    </section>
  )
}

const CloseButton = ({ onClose }: { onClose(): void }) => (
  <Button small look="quiet" aria-label="Close" onClick={onClose}>
    <Icon name="close" size={14} />
  </Button>
)
