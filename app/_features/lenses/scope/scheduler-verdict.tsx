import type { ScheduleTrace } from '../../../../server/base/trace.ts'
import { Shape } from '../../../_ui/shape.tsx'
import { milliseconds } from '../picture/milliseconds.ts'
import style from './microscope.module.css'
import { Part } from './microscope-part.tsx'
import { preemptionWords, scoreWords, wokenWords } from './verdict-words.ts'

/** The last verdict: for each node the plug-in that said no, or what each gave it; and what becomes of a pod that fits nowhere. */
export function SchedulerVerdict({ verdict }: { verdict: ScheduleTrace }) {
  const preemption = preemptionWords(verdict)
  const wakes = wokenWords(verdict)
  return (
    <Part title="Last verdict" aside={milliseconds(verdict.durationMs)}>
      <p className={style.say}>
        <code>{verdict.pod}</code>
        {verdict.scheduler !== 'default-scheduler' && <span className="quiet"> by {verdict.scheduler}</span>}
      </p>
      <ul className={style.verdict}>
        {verdict.nodes.map((node) => (
          <li key={node.name} data-chosen={node.name === verdict.chosen || undefined}>
            <Shape state={node.failed ? 'fail' : node.name === verdict.chosen ? 'ok' : 'idle'} size={12} />
            <span>
              {node.name}
              <span className="quiet">
                <br />
                {node.failed ? `${node.failed.plugin}: ${node.failed.reason}` : scoreWords(node.scores ?? {})}
              </span>
            </span>
            <code>{node.failed ? '' : (node.score ?? '')}</code>
          </li>
        ))}
      </ul>
      {verdict.more > 0 && <p className="quiet">and {verdict.more} more nodes</p>}
      {verdict.message && <p className={style.say}>{verdict.message}</p>}
      {preemption && <p className={style.say}>{preemption}</p>}
      {wakes.length > 0 && (
        <>
          <p className={style.say}>It is tried again after</p>
          <ul className="quiet">
            {wakes.map((words) => (
              <li key={words}>{words}</li>
            ))}
          </ul>
        </>
      )}
    </Part>
  )
}
