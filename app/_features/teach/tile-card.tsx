import type { Tile } from '../../../server/classroom/teaching/wall-view.ts'
import { Icon } from '../../_ui/icon.tsx'
import { Shape, type State } from '../../_ui/shape.tsx'
import { InlineCode } from '../instructions/inline-code.tsx'
import { lasted } from './duration.ts'
import style from './tile-card.module.css'

interface Props {
  tile: Tile
  now: number
  isOpen: boolean
  onOpen(): void
}

const shapes: Record<Tile['state'], State> = {
  stuck: 'fail',
  offline: 'held',
  failing: 'fail',
  waiting: 'wait',
  working: 'wait',
  away: 'idle',
  done: 'ok',
}

const words: Record<Tile['state'], string> = {
  stuck: 'stuck',
  offline: 'offline',
  failing: 'a check fails',
  waiting: 'has not begun the step',
  working: 'working',
  away: 'not here',
  done: 'done',
}

/** One learner: handle, hand, state, how far, what is missing, what they typed last. */
export function TileCard({ tile, now, isOpen, onOpen }: Props) {
  const { state, lab, check, command } = tile
  const isBig = state === 'stuck'
  const isAsleep = lab && !isBig && tile.sandbox === 'asleep'
  return (
    <button
      type="button"
      className={style.tile}
      data-state={state}
      data-learner={tile.name}
      aria-pressed={isOpen}
      onClick={onOpen}
    >
      <span className={style.tileHead}>
        <Shape state={isAsleep ? 'held' : shapes[state]} size={isBig ? 15 : 12} label={words[state]} />
        <b>{tile.name}</b>
        {tile.hand && (
          <span className={style.hand} title={tile.hand.words || 'hand raised'}>
            <Icon name="hand" size={14} />
            <span hidden>hand raised</span>
          </span>
        )}
        <span className={style.tileTime}>{timeOf(tile, now)}</span>
      </span>
      {lab && state !== 'done' && <StepBar step={lab.step} steps={lab.steps} />}
      {lab && state !== 'done' && (
        <span className={style.tileLine}>
          Step {lab.step}: {check ? <b>{<InlineCode text={check.aim} />}</b> : 'all checks hold'}
        </span>
      )}
      {isBig && <span className={style.why}>{tile.why}</span>}
      {(!lab || tile.sandbox === 'asleep') && (
        <span className={`${style.tileLine} quiet`}>{sandboxWords[tile.sandbox]}</span>
      )}
      {command && state !== 'done' && (
        <code className={style.command}>
          {command.by && <i>{command.by}: </i>}
          {shortCommand(command.text)}
        </code>
      )}
    </button>
  )
}

const sandboxWords: Record<Tile['sandbox'], string> = {
  none: 'No cluster yet',
  starting: 'Cluster is starting',
  ready: 'Cluster is ready',
  asleep: 'Cluster sleeps',
}

function StepBar({ step, steps }: { step: number; steps: number }) {
  return (
    <span className={style.steps} aria-hidden="true">
      {Array.from({ length: steps }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: steps have no other name
        <i key={index} data-at={index + 1 < step ? 'done' : index + 1 === step ? 'now' : 'later'} />
      ))}
    </span>
  )
}

function timeOf({ state, stuckSince, leftAt, command }: Tile, now: number): string {
  if (state === 'stuck') return `stuck ${lasted(stuckSince, now)}`
  // Nobody has seen when: they were never here, or left before the classroom was started again.
  if (state === 'offline') return leftAt === 0 ? 'offline' : `offline ${lasted(leftAt, now)}`
  if (state === 'away' || state === 'done') return ''
  return command ? lasted(command.at, now) : ''
}

/** `kubectl` is typed all day; its short name leaves room for what matters. */
const shortCommand = (text: string) => text.replace(/^kubectl\b/, 'k')
