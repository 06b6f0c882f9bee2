'use client'

import { Modal } from '@mantine/core'
import Link from 'next/link'
import { useState } from 'react'
import type { LabView, SessionView, StepView } from '../../../server/classroom/api/contract.ts'
import buttonStyle from '../../_ui/button.module.css'
import { Button } from '../../_ui/button.tsx'
import { Icon } from '../../_ui/icon.tsx'
import type { LabSession } from '../lab-workbench/use-lab-session.ts'
import style from './step-footer.module.css'

interface Props {
  lab: LabView
  step: StepView
  session: SessionView | undefined
  run: LabSession
}

export function StepFooter({ lab, step, session, run }: Props) {
  const [isAsking, setAsking] = useState(false)
  const isOk = step.checks.every((check) => session?.checks[check.id]?.state === 'ok')
  const mayGoOn = session !== undefined && (isOk || step.number < session.reached || session.done)
  const isLast = step.number === lab.steps.length
  const isLater = step.number > 1
  // Steps are done again in the learner's own terminal, which simulated machines have not.
  const mayRedo = isLater && session?.nodes.some(({ simulated }) => !simulated)
  const reset = (to?: number) => {
    setAsking(false)
    run.reset(to)
  }
  return (
    <div className={style.foot}>
      <Button small disabled={step.number <= 1} onClick={() => run.goTo(step.number - 1)}>
        Back
      </Button>
      <Button
        small
        look="quiet"
        disabled={session?.phase !== 'ready' && session?.phase !== 'failed'}
        onClick={() => setAsking(true)}
      >
        Reset
      </Button>
      <span className={style.grow} />
      {isLast ? (
        mayGoOn && <Onward lab={lab} />
      ) : (
        <Button small look={mayGoOn ? 'go' : 'plain'} disabled={!mayGoOn} onClick={() => run.goTo(step.number + 1)}>
          Next <Icon name="next" size={12} />
        </Button>
      )}
      <Modal
        opened={isAsking}
        onClose={() => setAsking(false)}
        title={<b className={style.ask}>{mayRedo ? 'How far back?' : 'Put the lab back to its start?'}</b>}
        centered
        withCloseButton={false}
        transitionProps={{ duration: 0 }}
      >
        {mayRedo && (
          <p className={style.what}>
            <b>To the start of step {step.number}</b>: your cluster is emptied, and the steps before are done again for
            you, which takes a while. What you predicted stays. If one of them cannot be done again, the lab begins at
            step 1, and says so.
          </p>
        )}
        <p className={style.what}>
          {mayRedo && (
            <>
              <b>To the start of the lab</b>:{' '}
            </>
          )}
          {mayRedo ? 'everything' : 'Everything'} you made in this cluster goes, and so do your answers; you begin at
          step 1. Opened hints stay.
          {isLater &&
            !mayRedo &&
            ' The steps before this one cannot be done again for you: your machines are simulated and have no terminal.'}
        </p>
        <div className={style.choice}>
          <Button data-autofocus onClick={() => setAsking(false)}>
            Keep working
          </Button>
          {mayRedo && (
            <Button look="stop" onClick={() => reset(step.number)}>
              Reset to step {step.number}
            </Button>
          )}
          <Button look="stop" onClick={() => reset()}>
            Reset lab
          </Button>
        </div>
      </Modal>
    </div>
  )
}

function Onward({ lab }: { lab: LabView }) {
  return (
    <Link
      href={lab.next ? `/labs/${lab.next.labId}` : '/'}
      className={buttonStyle.button}
      data-look="go"
      data-small=""
      title={lab.next?.title}
    >
      {lab.next ? 'Next lab' : 'To the course'} <Icon name="next" size={12} />
    </Link>
  )
}
