import type { ScheduleTrace } from '../../../../server/base/trace.ts'
import { Shape } from '../../../_ui/shape.tsx'
import { milliseconds } from '../picture/milliseconds.ts'
import style from './microscope.module.css'
import { Part } from './microscope-part.tsx'

/** The last verdict: for each machine the plug-in that said no, or the score it got. */
export function SchedulerVerdict({ verdict }: { verdict: ScheduleTrace }) {
  return (
    <Part title="Last verdict" aside={milliseconds(verdict.durationMs)}>
      <p className={style.say}>
        <code>{verdict.pod}</code>
      </p>
      <ul className={style.verdict}>
        {verdict.nodes.map((node) => (
          <li key={node.name} data-chosen={node.name === verdict.chosen || undefined}>
            <Shape state={node.failed ? 'fail' : node.name === verdict.chosen ? 'ok' : 'idle'} size={12} />
            <span>
              {node.name}
              {node.failed && (
                <span className="quiet">
                  <br />
                  {node.failed.plugin}: {node.failed.reason}
                </span>
              )}
            </span>
            <code>{node.failed ? '' : (node.score ?? '')}</code>
          </li>
        ))}
      </ul>
    </Part>
  )
}
