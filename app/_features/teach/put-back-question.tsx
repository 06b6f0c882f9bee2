'use client'

// Asked before a learner's cluster is put back: what goes, and whether what there is now shall be kept before.

import type { SnapshotView } from '../../../server/classroom/teaching/wall-view.ts'
import { api } from '../../_api/api-client.ts'
import { Button } from '../../_ui/button.tsx'
import { Question } from '../../_ui/question.tsx'
import style from './learner-sheet.module.css'
import { timeOf } from './snapshot-menu.tsx'
import type { Act } from './use-act.ts'

interface Props {
  whom: { classId: string; learnerId: string }
  name: string
  snapshot: SnapshotView
  run: Act['run']
  onClose(): void
}

export function PutBackQuestion({ whom, name, snapshot, run, onClose }: Props) {
  const { slot, at, step } = snapshot
  const putBack = (keepNow: boolean) => {
    onClose()
    run(
      () => api.teach.putBack.mutate({ ...whom, slot, keepNow }),
      () =>
        `${name}’s cluster and files are being put back to step ${step}.${keepNow ? ' As they were is kept among the snapshots.' : ''}`,
    )
  }
  const question = `Back to ${timeOf(at)}, step ${step}?`
  return (
    <Question className={style.confirm} label={question} onEscape={onClose}>
      <p>
        <b>{question}</b> What {name} has made, changed or deleted since then is undone, in the cluster and in the files
        of the home, and so are steps passed since. The grade keeps the best of them.
      </p>
      <Button small look="go" onClick={() => putBack(true)}>
        Keep what is now, then put back
      </Button>
      <Button small look="stop" onClick={() => putBack(false)}>
        Put back
      </Button>
      <Button small look="quiet" data-autofocus onClick={onClose}>
        Leave it
      </Button>
    </Question>
  )
}
