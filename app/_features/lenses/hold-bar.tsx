// The hand on all loops at once: hold them, let those that have something to do take one turn, slow them down.

import { Menu } from '@mantine/core'
import { Button } from '../../_ui/button.tsx'
import { Icon } from '../../_ui/icon.tsx'
import style from './lens-frame.module.css'
import type { PictureStore } from './picture/picture-store.ts'
import type { Selection } from './picture/selection.ts'

export const slowEveryMs = 2000

export function HoldBar({ store, selection }: { store: PictureStore; selection: Selection }) {
  const { model } = store
  const held = model.heldLoops
  const chosen = selection && 'client' in selection && held.includes(selection.client) ? [selection.client] : held
  const ready = chosen.filter((client) => model.client(client).queueLength > 0)
  const isSlow = model.areSlowed
  const hidden = model.counters.hiddenRequests + model.counters.hiddenDelivers + model.counters.hiddenAppends
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out as a bar
    <span className={style.hold} role="group" aria-label="Loops">
      {held.length === 0 ? (
        <Button
          small
          disabled={model.loops.length === 0}
          onClick={() => void store.steer({ action: 'hold', loops: 'all' })}
        >
          <Icon name="hold" size={12} /> Hold all
        </Button>
      ) : (
        <Button small aria-pressed onClick={() => void store.steer({ action: 'release', loops: 'all' })}>
          <Icon name="play" size={12} /> Release {held.length}
        </Button>
      )}
      <Button
        small
        disabled={ready.length === 0}
        title={ready.length === 0 ? 'No held loop has anything in its queue' : `One turn: ${ready.length} waiting`}
        onClick={() => void store.steer({ action: 'step', loops: ready })}
      >
        <Icon name="step" size={12} /> Step
      </Button>
      <Menu position="bottom-end" shadow="md" transitionProps={{ duration: 0 }}>
        <Menu.Target>
          <Button small aria-label={`Pace: ${isSlow ? 'slow' : '1×'}`}>
            {isSlow ? 'slow' : '1×'}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.RadioGroup
            value={isSlow ? 'slow' : 'full'}
            onChange={(pace) =>
              void store.steer({ action: 'slow', loops: 'all', everyMs: pace === 'slow' ? slowEveryMs : 0 })
            }
          >
            <Menu.RadioItem value="full">Full speed</Menu.RadioItem>
            <Menu.RadioItem value="slow">Slow: each loop a turn every {slowEveryMs / 1000} s</Menu.RadioItem>
          </Menu.RadioGroup>
          <Menu.Divider />
          <Menu.CheckboxItem
            checked={model.showHeartbeats}
            onChange={(show) => {
              model.setShowHeartbeats(show)
              store.changed()
            }}
          >
            Show heartbeats ({hidden} hidden so far)
          </Menu.CheckboxItem>
        </Menu.Dropdown>
      </Menu>
    </span>
  )
}
