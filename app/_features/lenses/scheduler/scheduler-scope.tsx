'use client'

// One decision closely: what refused the Pod or what it was given, whether room can be made, what would have it tried again; and
// the other Pods that were decided on.

import type { ScheduleTrace } from '../../../../server/base/trace.ts'
import { Glyph } from '../../../_ui/glyph.tsx'
import type { LensProps } from '../lens.ts'
import { milliseconds } from '../picture/milliseconds.ts'
import { usePictureVersion } from '../picture/use-picture.ts'
import scope from '../scope/microscope.module.css'
import { Microscope } from '../scope/microscope.tsx'
import { Head, Part } from '../scope/microscope-part.tsx'
import { SchedulerVerdict } from '../scope/scheduler-verdict.tsx'
import { decisionFor } from './decision.ts'
import { podRefOf, whereTo } from './decision-words.ts'
import style from './scheduler.module.css'

export function SchedulerScope(props: LensProps) {
  const { store, selection, select } = props
  usePictureVersion(store)
  const { verdicts } = store.model
  const decision = decisionFor(store.model, selection)
  const isOfPod = selection === null || ('object' in selection && selection.object.resource === 'pods')
  if (!isOfPod || (selection && !decision)) return <Microscope {...props} />
  return (
    <div className={scope.scope} data-scope="scheduler">
      <Head
        glyph={<Glyph who="sched" />}
        title={decision ? decision.pod.slice(decision.pod.indexOf('/') + 1) : 'Scheduler'}
        close={selection ? () => select(null) : undefined}
      />
      {decision && (
        <Part title="What the scheduler said" aside={milliseconds(decision.durationMs)}>
          <SchedulerVerdict verdict={decision} />
        </Part>
      )}
      {verdicts.length > 0 && (
        <Part title="Pods it decided on" aside="newest first">
          <ul className={style.pods}>
            {verdicts.map((verdict) => (
              <PodLine
                key={verdict.pod}
                verdict={verdict}
                isShown={verdict === decision}
                choose={() => select({ object: podRefOf(verdict) })}
              />
            ))}
          </ul>
        </Part>
      )}
      <Part title="How to read the picture">
        <p className={scope.say}>
          First each plug-in that filters may refuse a machine. Those that are left are scored: every plug-in gives 0 to
          100, times its weight. The largest sum gets the Pod. Turn a weight to see who would have got it.
        </p>
        <p className="quiet">
          Filled bars are those of the machine that was chosen. Turning a weight here changes nothing in your cluster.
        </p>
      </Part>
    </div>
  )
}

function PodLine({ verdict, isShown, choose }: { verdict: ScheduleTrace; isShown: boolean; choose: () => void }) {
  return (
    <li aria-current={isShown || undefined}>
      <button type="button" className={scope.link} onClick={choose}>
        <code>{verdict.pod}</code>
      </button>
      <span className="quiet">{whereTo(verdict)}</span>
    </li>
  )
}
