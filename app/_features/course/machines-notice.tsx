import { Shape } from '../../_ui/shape.tsx'
import style from './course.module.css'

/** Says plainly that machines are not real here, why, and what would mend it. */
export function MachinesNotice({ reason, remedy }: { reason: string; remedy: string }) {
  return (
    <div className={style.machines} role="note">
      <Shape state="held" />
      <p>
        <b>Machines are simulated here.</b> {reason} {remedy}
      </p>
    </div>
  )
}
