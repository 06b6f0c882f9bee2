import { Shape } from '../../_ui/shape.tsx'
import style from './course.module.css'

const asSentence = (text: string): string =>
  text && `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`

/** Says plainly that machines are not real here, why, and what would mend it. */
export function MachinesNotice({ reason, remedy }: { reason: string; remedy: string }) {
  return (
    <div className={style.machines} role="note">
      <Shape state="held" />
      <p>
        <b>Machines are simulated here.</b> {asSentence(reason)} {asSentence(remedy)}
      </p>
    </div>
  )
}
