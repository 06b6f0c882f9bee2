import type { CheckResult, StepView } from '../../../server/classroom/api/contract.ts'
import { Shape, type State } from '../../_ui/shape.tsx'
import style from './check-list.module.css'
import { InlineCode } from './inline-code.tsx'

const shapeOf: Record<CheckResult['state'], State> = { ok: 'ok', waiting: 'wait', failed: 'fail' }
const wordOf: Record<CheckResult['state'], string> = { ok: 'done', waiting: 'not yet', failed: 'not as it should be' }

/** Checks watch the cluster and turn by themselves; there is no button to verify. */
export function CheckList({ checks, results }: { checks: StepView['checks']; results: Record<string, CheckResult> }) {
  return (
    <>
      <h3 className={style.heading}>Done when</h3>
      <ul>
        {checks.map(({ id, aim }) => {
          const result = results[id]
          const state = result?.state ?? 'waiting'
          return (
            <li
              key={id}
              className={style.check}
              data-check={id}
              data-state={state}
              aria-live="polite"
              aria-atomic="true"
            >
              <Shape state={shapeOf[state]} label={wordOf[state]} />
              <span>
                <InlineCode text={aim} />
              </span>
              {state !== 'ok' && result && (result.message || result.saw) && (
                <span className={style.why}>
                  <InlineCode text={result.message} />
                  {result.saw && !result.message && (
                    <>
                      Seen: <InlineCode text={result.saw} />. Wanted: <InlineCode text={result.wanted} />.
                    </>
                  )}
                </span>
              )}
            </li>
          )
        })}
      </ul>
    </>
  )
}
