import { Button } from '../../../_ui/button.tsx'
import { Icon } from '../../../_ui/icon.tsx'
import { slowEveryMs } from '../hold-bar.tsx'
import type { PictureStore } from '../picture/picture-store.ts'
import style from './microscope.module.css'

/** Holds one loop, lets it take a turn, slows it, lets it go. */
export function LoopControl({ store, client }: { store: PictureStore; client: string }) {
  const { model } = store
  if (!store.mayAct) return null
  const { held, steps, everyMs } = model.gate(client)
  const waiting = model.client(client).queueLength
  const loops = [client]
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out as a bar
    <div className={style.control} role="group" aria-label="Hold this loop">
      {held ? (
        <Button small look="go" onClick={() => void store.steer({ action: 'release', loops })}>
          <Icon name="play" size={12} /> Release
        </Button>
      ) : (
        <Button small onClick={() => void store.steer({ action: 'hold', loops })}>
          <Icon name="hold" size={12} /> Hold
        </Button>
      )}
      <Button small disabled={!held || waiting === 0} onClick={() => void store.steer({ action: 'step', loops })}>
        <Icon name="step" size={12} /> Step
      </Button>
      <Button
        small
        aria-pressed={everyMs > 0}
        onClick={() => void store.steer({ action: 'slow', loops, everyMs: everyMs > 0 ? 0 : slowEveryMs })}
      >
        Slow
      </Button>
      <span role="status">{sayGate(held, steps, everyMs, waiting)}</span>
    </div>
  )
}

function sayGate(held: boolean, steps: number, everyMs: number, waiting: number): string {
  if (!held) return everyMs > 0 ? `Slowed: a turn every ${everyMs / 1000} s.` : 'Runs freely.'
  if (steps > 0) return 'Held, and about to take one turn.'
  if (waiting === 0) return 'Held. It still hears every event; nothing waits in its queue yet.'
  return `Held. It hears every event, and ${waiting === 1 ? '1 key waits' : `${waiting} keys wait`} until it may act.`
}
