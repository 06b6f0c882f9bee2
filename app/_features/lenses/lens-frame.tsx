'use client'

// The frame of all lenses: tabs, the hand on the loops, the picture or its text twin, and what to know when the stream is
// broken. The canvas below stays the same one while lenses change.

import { Tabs } from '@mantine/core'
import dynamic from 'next/dynamic'
import { useEffect, useState } from 'react'
import { Button } from '../../_ui/button.tsx'
import { Icon } from '../../_ui/icon.tsx'
import { HoldBar } from './hold-bar.tsx'
import { lenses } from './index.ts'
import type { LensProps } from './lens.ts'
import style from './lens-frame.module.css'
import type { PictureStore } from './picture/picture-store.ts'
import { usePictureVersion } from './picture/use-picture.ts'
import { TimeBar } from './time/time-bar.tsx'
import type { Flag } from './time/timeline.ts'
import type { LensChoice } from './use-lens.ts'

// What draws the picture is much code: whoever is on a slow line reads the lab meanwhile.
const PictureCanvas = dynamic(() => import('./canvas/picture-canvas.tsx').then((file) => file.PictureCanvas), {
  ssr: false,
})

interface Props extends LensProps {
  choice: LensChoice
  /** Where the steps of the lab began and were passed. */
  flags?: readonly Flag[]
  view: 'canvas' | 'table'
  onView(view: 'canvas' | 'table'): void
  isFull: boolean
  onFull?(): void
}

const noFlags: readonly Flag[] = []

export function LensFrame({ choice, flags = noFlags, view, onView, isFull, onFull, ...lensProps }: Props) {
  const { store, selection, lookCloser } = lensProps
  usePictureVersion(store)
  const { lens, view: lensView } = choice
  return (
    <Tabs
      className={style.lens}
      value={lens.id}
      onChange={(id) => id && choice.choose(id)}
      keepMounted={false}
      unstyled
    >
      <div className={style.bar}>
        <Tabs.List className={style.tabs} aria-label="Lenses">
          {lenses.map(({ id, title }) => (
            <Tabs.Tab key={id} value={id} className={style.tab}>
              {title}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <span className={style.grow} />
        {lensView?.Bar && (
          <div className={style.asking}>
            <lensView.Bar {...lensProps} />
          </div>
        )}
        {lens.id === 'loops' && <Legend />}
        {lens.hasLoops && store.mayAct && <HoldBar store={store} selection={selection} />}
        {lookCloser && (
          <Button small look="quiet" aria-haspopup="dialog" onClick={lookCloser}>
            {lens.closer}
          </Button>
        )}
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
      <Notices store={store} />
      <Tabs.Panel value={lens.id} className={style.body} data-past={store.moment?.revision}>
        {view === 'table' ? (
          lensView && <lensView.Table {...lensProps} />
        ) : (
          <PictureCanvas {...lensProps} lens={lens} view={lensView} />
        )}
      </Tabs.Panel>
      <TimeBar {...lensProps} flags={flags} />
    </Tabs>
  )
}

function Legend() {
  return (
    <span className={style.legend} aria-hidden="true">
      <i data-is="request" /> request <i data-is="deliver" /> watch event
    </span>
  )
}

function Notices({ store }: { store: PictureStore }) {
  const { connection, model, steerProblem } = store
  const isSlow = useLater(connection.state === 'connecting', 2000)
  if (connection.state === 'resting') {
    return <p className={style.notice}>The picture is as of revision {model.revision}.</p>
  }
  if (connection.state === 'broken') {
    return (
      <div className={style.notice} data-kind="broken" role="status">
        <span>
          <b>The stream to {store.looksOnly ? 'this' : 'your'} cluster broke.</b> {connection.why} Reconnecting, try{' '}
          {connection.tries}
          {store.looksOnly ? '' : '; your terminal is kept'}. The picture is as of revision {model.revision}.
        </span>
        <Button small onClick={() => store.reconnect()}>
          Reconnect now
        </Button>
      </div>
    )
  }
  if (steerProblem) {
    return (
      <p className={style.notice} data-kind="broken" role="alert">
        <span>
          <b>The loops did not hear you.</b> {steerProblem}
        </span>
      </p>
    )
  }
  if (connection.state === 'connecting') {
    return isSlow ? <p className={style.notice}>Waiting for the first events of your cluster.</p> : null
  }
  if (model.missed === 0) return null
  return (
    <p className={style.notice}>{model.missed} events happened while the stream was broken and are no longer kept.</p>
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
