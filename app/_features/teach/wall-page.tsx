'use client'

// The room at a glance: who is stuck and where, who waits for help, and one learner opened beside it.

import Link from 'next/link'
import { notFound } from 'next/navigation'
import { useRef, useState } from 'react'
import type { Tile, WallView } from '../../../server/classroom/teaching/wall-view.ts'
import { api } from '../../_api/api-client.ts'
import { Shape, type State } from '../../_ui/shape.tsx'
import { TopBar } from '../../_ui/top-bar.tsx'
import { PersonMenu } from '../people/person-menu.tsx'
import { LearnerSheet, LeftSheet } from './learner-sheet.tsx'
import { RoomActions } from './room-actions.tsx'
import { RoomAside } from './room-aside.tsx'
import { type Group, useSteadyOrder } from './steady-order.ts'
import { TileCard } from './tile-card.tsx'
import { useWall } from './use-wall.ts'
import style from './wall.module.css'

export function WallPage({ classId }: { classId: string }) {
  const { view, now, error, isUnknown } = useWall(classId)
  const [open, setOpen] = useState<string | null>(null)
  const before = useRef<Tile>(undefined)
  if (isUnknown) notFound()
  const opened = view?.tiles.find(({ learnerId }) => learnerId === open)
  if (opened || !open) before.current = opened
  const gone = view && !opened ? before.current : undefined
  const close = () => setOpen(null)
  return (
    <div className={style.wall} data-open={opened || gone ? '' : undefined}>
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
      {opened && <LearnerSheet key={opened.learnerId} tile={opened} now={now} classId={classId} onClose={close} />}
      {gone && <LeftSheet name={gone.name} onClose={close} />}
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

const groups: { of: Group; title: string; note: string; shape: State }[] = [
  {
    of: 'stuck',
    title: 'Stuck',
    note: 'the same check fails for 6 minutes or more, or no command since it failed',
    shape: 'fail',
  },
  { of: 'working', title: 'Working', note: 'time since the last command', shape: 'wait' },
  { of: 'away', title: 'Not here', note: '', shape: 'idle' },
  { of: 'done', title: 'Done', note: '', shape: 'ok' },
]

/** A pointer that did not move for so long is about to click on nobody. */
const USED_FOR_MS = 10_000

interface TilesProps {
  view: WallView
  now: number
  open: string | null
  onOpen(learnerId: string): void
}

function Tiles({ view, now, open, onOpen }: TilesProps) {
  const movedAt = useRef(Number.NEGATIVE_INFINITY)
  const placed = useSteadyOrder(view.tiles, now, performance.now() - movedAt.current < USED_FOR_MS)
  if (placed.length === 0) {
    return (
      <section>
        <p className="quiet">Nobody has joined this class yet. The join code is on the class’s page.</p>
      </section>
    )
  }
  return (
    <section
      aria-label={`${placed.length} learners`}
      onPointerMove={() => {
        movedAt.current = performance.now()
      }}
      onPointerLeave={() => {
        movedAt.current = Number.NEGATIVE_INFINITY
      }}
    >
      {!placed.some(({ group }) => group === 'stuck') && <p className={style.calm}>Nobody is stuck.</p>}
      {groups.map(({ of, title, note, shape }) => {
        const shown = placed.filter(({ group }) => group === of)
        if (shown.length === 0) return null
        return (
          <section key={title} className={style.group} data-group={title}>
            <h2>
              <Shape state={shape} size={12} /> {title} <span>{shown.length}</span>
              <em>{note}</em>
            </h2>
            <div className={style.grid}>
              {shown.map(({ tile }) => (
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
