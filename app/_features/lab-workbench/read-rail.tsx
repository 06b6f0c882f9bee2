import type { SessionView, StepView } from '../../../server/classroom/api/contract.ts'
import { Button } from '../../_ui/button.tsx'
import { Shape } from '../../_ui/shape.tsx'
import style from './lab-workbench.module.css'

interface Props {
  session: SessionView | undefined
  step: StepView | undefined
  onOpen(): void
}

const shapes = { ok: 'ok', waiting: 'wait', failed: 'fail' } as const

/** Instructions folded to a rail: how far the step is, check by check. */
export function ReadRail({ session, step, onOpen }: Props) {
  return (
    <div className={style.rail}>
      <Button small look="quiet" onClick={onOpen}>
        Read
      </Button>
      <ul>
        {step?.checks.map(({ id, aim }) => (
          <li key={id} title={aim}>
            <Shape state={shapes[session?.checks[id]?.state ?? 'waiting']} label={aim} />
          </li>
        ))}
      </ul>
    </div>
  )
}
