'use client'

// The Loops lens: its bar, the picture or its text twin, and what to know when the stream is broken.

import { useEffect, useState } from 'react'
import { Button } from '../../_ui/button.tsx'
import { Icon } from '../../_ui/icon.tsx'
import { PictureCanvas } from './canvas/picture-canvas.tsx'
import style from './lens-frame.module.css'
import { LoopsTable } from './loops/loops-table.tsx'
import type { PictureStore } from './picture/picture-store.ts'
import type { Selecting } from './picture/selection.ts'
import { usePictureVersion } from './picture/use-picture.ts'

interface Props extends Selecting {
  store: PictureStore
  view: 'canvas' | 'table'
  onView(view: 'canvas' | 'table'): void
  isFull: boolean
  onFull?(): void
}

export function LensFrame({ store, selection, select, view, onView, isFull, onFull }: Props) {
  usePictureVersion(store)
  const { model } = store
  const { hiddenRequests, hiddenDelivers, hiddenAppends } = model.counters
  return (
    <div className={style.lens}>
      <div className={style.bar}>
        <h2 className={style.name}>Loops</h2>
        <span className={style.grow} />
        <span className={style.legend} aria-hidden="true">
          <i data-is="request" /> request <i data-is="deliver" /> watch event
        </span>
        <Button
          small
          look="quiet"
          aria-pressed={model.showHeartbeats}
          title={`${hiddenRequests + hiddenDelivers + hiddenAppends} hidden so far: Leases renewed, health probes`}
          onClick={() => {
            model.setShowHeartbeats(!model.showHeartbeats)
            store.changed()
          }}
        >
          Heartbeats
        </Button>
        <Button
          small
          look="quiet"
          aria-pressed={view === 'table'}
          onClick={() => onView(view === 'table' ? 'canvas' : 'table')}
        >
          <Icon name="table" /> Table
        </Button>
        {onFull && (
          <Button small look="quiet" aria-label={isFull ? 'Leave full screen' : 'Picture full screen'} onClick={onFull}>
            <Icon name={isFull ? 'unfull' : 'full'} />
          </Button>
        )}
      </div>
      <ConnectionNotice store={store} />
      <div className={style.body}>
        {view === 'table' ? (
          <LoopsTable store={store} selection={selection} select={select} />
        ) : (
          <PictureCanvas store={store} selection={selection} select={select} />
        )}
      </div>
    </div>
  )
}

function ConnectionNotice({ store }: { store: PictureStore }) {
  const { connection, model } = store
  const isSlow = useLater(connection.state === 'connecting', 2000)
  if (connection.state === 'live') {
    if (model.missed === 0) return null
    return (
      <p className={style.notice}>{model.missed} events happened while the stream was broken and are no longer kept.</p>
    )
  }
  if (connection.state === 'connecting') {
    return isSlow ? <p className={style.notice}>Waiting for the first events of your cluster.</p> : null
  }
  return (
    <div className={style.notice} data-kind="broken" role="status">
      <span>
        <b>The stream to your cluster broke.</b> {connection.why} Reconnecting, try {connection.tries}; your terminal is
        kept. The picture is as of revision {model.revision}.
      </span>
      <Button small onClick={() => store.reconnect()}>
        Reconnect now
      </Button>
    </div>
  )
}

/** True once `condition` has held for that long. */
function useLater(condition: boolean, afterMs: number): boolean {
  const [isLate, setLate] = useState(false)
  useEffect(() => {
    if (!condition) return
    const timer = setTimeout(() => setLate(true), afterMs)
    return () => {
      clearTimeout(timer)
      setLate(false)
    }
  }, [condition, afterMs])
  return isLate
}
