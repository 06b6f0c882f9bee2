'use client'

// The room at a glance: who is stuck and where, who waits for help, and one learner opened beside it.

import Link from 'next/link'
import { notFound } from 'next/navigation'
import { useState } from 'react'
import type { Tile, WallView } from '../../../server/classroom/teaching/wall-view.ts'
import { api } from '../../_api/api-client.ts'
import { Shape, type State } from '../../_ui/shape.tsx'
import { TopBar } from '../../_ui/top-bar.tsx'
import { PersonMenu } from '../people/person-menu.tsx'
import { LearnerSheet } from './learner-sheet.tsx'
import { RoomActions } from './room-actions.tsx'
import { RoomAside } from './room-aside.tsx'
import { useSteadyOrder } from './steady-order.ts'
import { TileCard } from './tile-card.tsx'
import { useWall } from './use-wall.ts'
import style from './wall.module.css'

export function WallPage({ classId }: { classId: string }) {
  const { view, now, error, isUnknown } = useWall(classId)
  const [open, setOpen] = useState<string | null>(null)
  if (isUnknown) notFound()
  const opened = view?.tiles.find(({ learnerId }) => learnerId === open)
  return (
    <div className={style.wall} data-open={opened ? '' : undefined}>
      <TopBar place={view && <Place of={view.class} />} person={<PersonMenu />}>
        {view && <Here view={view} />}
      </TopBar>
      {error && (
        <p className={style.broken} role="alert">
          {error} {view ? 'What you see is the last that was heard.' : 'Trying again.'}
        </p>
      )}
      {view ? (
        <main className={style.main}>
          <div className={style.room}>
            <div>
              <h1>{view.lab ? view.lab.title : view.class.name}</h1>
              <p className="quiet">{view.lab ? `Lab ${view.lab.number}` : 'Nobody is in a lab yet.'}</p>
            </div>
            <RoomActions view={view} classId={classId} />
          </div>
          <div className={style.body}>
            <Tiles view={view} now={now} open={open} onOpen={setOpen} />
            <RoomAside
              view={view}
              now={now}
              onGo={({ learnerId }) => {
                setOpen(learnerId)
                void api.teach.takeHand.mutate({ classId, learnerId })
              }}
            />
          </div>
        </main>
      ) : (
        !error && (
          <main className={style.main}>
            <p className="quiet">Looking into the room …</p>
          </main>
        )
      )}
      {opened && (
        <LearnerSheet key={opened.learnerId} tile={opened} now={now} classId={classId} onClose={() => setOpen(null)} />
      )}
    </div>
  )
}

function Place({ of: { id, name, joinCode } }: { of: WallView['class'] }) {
  return (
    <>
      <Link href={`/classes/${id}`}>{name}</Link>
      {joinCode && (
        <span className={style.code}>
          join code <code>{joinCode.replace(/(?=.{4}$)/, '-')}</code>
        </span>
      )}
    </>
  )
}

function Here({ view }: { view: WallView }) {
  const here = view.tiles.filter((tile) => tile.here).length
  return (
    <>
      <span className={style.pill}>
        <Shape state={here > 0 ? 'ok' : 'idle'} size={12} /> {here} of {view.tiles.length} here
      </span>
      <span className={style.pill} data-minor>
        host <code>{view.memory.usedPercent} %</code> memory
      </span>
    </>
  )
}

const groups: { title: string; note: string; shape: State; has: (tile: Tile) => boolean }[] = [
  {
    title: 'Stuck',
    note: 'the same check fails for 6 minutes or more, or no command since it failed',
    shape: 'fail',
    has: ({ state }) => state === 'stuck',
  },
  {
    title: 'Working',
    note: 'time since the last command',
    shape: 'wait',
    has: ({ state }) => state !== 'stuck' && state !== 'done' && state !== 'away',
  },
  { title: 'Not here', note: '', shape: 'idle', has: ({ state }) => state === 'away' },
  { title: 'Done', note: '', shape: 'ok', has: ({ state }) => state === 'done' },
]

interface TilesProps {
  view: WallView
  now: number
  open: string | null
  onOpen(learnerId: string): void
}

function Tiles({ view, now, open, onOpen }: TilesProps) {
  const [isUnderPointer, setUnderPointer] = useState(false)
  const tiles = useSteadyOrder(view.tiles, now, isUnderPointer)
  if (tiles.length === 0) {
    return (
      <section>
        <p className="quiet">Nobody has joined this class yet. The join code is on the class’s page.</p>
      </section>
    )
  }
  return (
    <section
      aria-label={`${tiles.length} learners`}
      onPointerEnter={() => setUnderPointer(true)}
      onPointerLeave={() => setUnderPointer(false)}
    >
      {!tiles.some(({ state }) => state === 'stuck') && <p className={style.calm}>Nobody is stuck.</p>}
      {groups.map(({ title, note, shape, has }) => {
        const shown = tiles.filter(has)
        if (shown.length === 0) return null
        return (
          <section key={title} className={style.group} data-group={title}>
            <h2>
              <Shape state={shape} size={12} /> {title} <span>{shown.length}</span>
              <em>{note}</em>
            </h2>
            <div className={style.grid}>
              {shown.map((tile) => (
                <TileCard
                  key={tile.learnerId}
                  tile={tile}
                  now={now}
                  isOpen={tile.learnerId === open}
                  onOpen={() => onOpen(tile.learnerId)}
                />
              ))}
            </div>
          </section>
        )
      })}
    </section>
  )
}
