import type { ScheduleTrace } from '../../../../server/base/trace.ts'
import { Shape } from '../../../_ui/shape.tsx'
import { milliseconds } from '../picture/milliseconds.ts'
import style from './microscope.module.css'
import { Part } from './microscope-part.tsx'
import { outcomeWords, roomWords, scoreLines, wokenWords } from './verdict-words.ts'

/** The last verdict, and of other pods what was last said of each. */
export function SchedulerVerdicts({ verdicts }: { verdicts: readonly ScheduleTrace[] }) {
  const [last, ...before] = verdicts
  if (!last) return null
  return (
    <>
      <Part title="Last verdict" aside={milliseconds(last.durationMs)}>
        <p className={style.say}>
          <code>{last.pod}</code>
        </p>
        <SchedulerVerdict verdict={last} />
      </Part>
      {before.length > 0 && (
        <Part title="Other pods" aside="what was last said of each">
          {before.map((verdict) => (
            <details key={verdict.pod} className={style.fold}>
              <summary>
                <code>{verdict.pod}</code>{' '}
                <span className="quiet">{verdict.chosen ?? (verdict.preemption ? 'room is made' : 'waits')}</span>
              </summary>
              <SchedulerVerdict verdict={verdict} />
            </details>
          ))}
        </Part>
      )}
    </>
  )
}

/** For each node the plug-in that said no, or what each gave it; and what becomes of a pod that fits nowhere. */
export function SchedulerVerdict({ verdict }: { verdict: ScheduleTrace }) {
  const room = roomWords(verdict)
  const wakes = wokenWords(verdict)
  return (
    <>
      <p className={style.say}>
        {outcomeWords(verdict)}
        {verdict.scheduler !== 'default-scheduler' && <span className="quiet"> By {verdict.scheduler}.</span>}
      </p>
      {verdict.gate && (
        <p className={style.say}>
          {verdict.gate}: {verdict.message}
        </p>
      )}
      <ul className={style.verdict}>
        {verdict.nodes.map((node) => (
          <NodeVerdict key={node.name} node={node} isChosen={node.name === verdict.chosen} />
        ))}
      </ul>
      {verdict.more > 0 && <p className="quiet">and {verdict.more} more nodes</p>}
      {room.length > 0 && <List title="Would it help to send pods away?" lines={room} />}
      {wakes.length > 0 && (
        <List title="It is tried again after" lines={wakes.map(({ plugin, events }) => `${events} (${plugin})`)} />
      )}
      {!verdict.gate && verdict.message && (
        <details className={style.fold}>
          <summary>In the Event’s words</summary>
          <p className={style.say}>{verdict.message}</p>
        </details>
      )}
    </>
  )
}

function NodeVerdict({ node, isChosen }: { node: ScheduleTrace['nodes'][number]; isChosen: boolean }) {
  const lines = scoreLines(node.scores ?? {})
  return (
    <li data-chosen={isChosen || undefined}>
      <Shape state={node.failed ? 'fail' : isChosen ? 'ok' : 'idle'} size={12} />
      <span>
        <b>{node.name}</b>
        {node.failed && (
          <span className="quiet">
            {node.failed.reason} ({node.failed.plugin})
          </span>
        )}
        {lines.length > 0 && (
          <details className={style.fold}>
            <summary>what it was given</summary>
            <table className={style.scores}>
              <thead>
                <tr>
                  <th scope="col">plug-in</th>
                  <th scope="col">gave</th>
                  <th scope="col">counts</th>
                </tr>
              </thead>
              <tbody>
                {lines.map(({ plugin, gave, counts }) => (
                  <tr key={plugin}>
                    <th scope="row">{plugin}</th>
                    <td>{gave}</td>
                    <td>{counts}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </details>
        )}
      </span>
      <code>{node.failed ? '' : (node.score ?? '')}</code>
    </li>
  )
}

function List({ title, lines }: { title: string; lines: readonly string[] }) {
  return (
    <div className={style.list}>
      <p>{title}</p>
      <ul>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </div>
  )
}
