'use client'

// What one does with the whole room.

import { Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { useState } from 'react'
import type { WallView } from '../../../server/classroom/teaching/wall-view.ts'
import { api } from '../../_api/api-client.ts'
import { Button } from '../../_ui/button.tsx'
import { Icon } from '../../_ui/icon.tsx'
import style from './room-actions.module.css'
import { SayForm } from './say-form.tsx'
import { learnersOf, useAct } from './use-act.ts'

export function RoomActions({ view, classId }: { view: WallView; classId: string }) {
  const act = useAct()
  const [isAnnouncing, setAnnouncing] = useState(false)
  const isHeld = view.tiles.some(({ held, paused }) => held > 0 || paused)
  const hasClusters = view.tiles.some(({ sandbox }) => sandbox === 'ready')
  return (
    <div className={style.actions}>
      <div className={style.buttons}>
        <Button small onClick={() => setAnnouncing(true)}>
          Announce
        </Button>
        {isHeld ? (
          <Button
            small
            look="go"
            onClick={() =>
              act.run(
                () => api.teach.release.mutate({ classId }),
                (answer) => `${learnersOf(answer)} may go on.`,
              )
            }
          >
            <Icon name="play" size={12} /> Release everyone
          </Button>
        ) : (
          <Button
            small
            disabled={!hasClusters}
            onClick={() =>
              act.run(
                () => api.teach.pause.mutate({ classId }),
                (answer) => `Loops and keyboards of ${learnersOf(answer)} rest.`,
              )
            }
          >
            <Icon name="hold" size={12} /> Pause everyone
          </Button>
        )}
        <FaultMenu view={view} classId={classId} run={act.run} />
        <LabMenu classId={classId} current={view.lab?.id} run={act.run} />
        <Button
          small
          onClick={() =>
            act.run(
              () => api.teach.startAll.mutate({ classId }),
              () => 'Clusters are being started.',
            )
          }
        >
          Start clusters
        </Button>
        <Link href={`/teach/${classId}/grades`} className={style.link}>
          Grades
        </Link>
      </div>
      {isAnnouncing && (
        <SayForm
          label="To everybody in the class"
          placeholder="Ten more minutes for step 3."
          action="Announce"
          onLeave={() => setAnnouncing(false)}
          onSay={(text) => {
            setAnnouncing(false)
            act.run(() => api.teach.announce.mutate({ classId, text }))
          }}
        />
      )}
      {view.announcement && !isAnnouncing && (
        <p className={style.announced}>
          <span>
            Announced: <b>{view.announcement.text}</b>
          </span>
          <Button small look="quiet" onClick={() => act.run(() => api.teach.withdraw.mutate({ classId }))}>
            Take back
          </Button>
        </p>
      )}
      {act.said && (
        <p role={act.isFailed ? 'alert' : 'status'} className={act.isFailed ? style.failed : 'quiet'}>
          {act.said}
        </p>
      )}
    </div>
  )
}

type Run = ReturnType<typeof useAct>['run']

/** The nodes that learners have, each to be pulled out of the wall and put back. */
function FaultMenu({ view, classId, run }: { view: WallView; classId: string; run: Run }) {
  const names = [...new Set(view.tiles.flatMap(({ nodes }) => nodes.map(({ name }) => name)))].sort()
  const switchTo = (machine: string, to: 'killed' | 'started') =>
    run(
      () => api.teach.switchMachine.mutate({ classId, machine, to }),
      (answer) => `${machine} ${to === 'killed' ? 'is gone' : 'comes back'} for ${learnersOf(answer)}.`,
    )
  return (
    <Menu position="bottom-start" shadow="md" width={220} transitionProps={{ duration: 0 }}>
      <Menu.Target>
        <Button small disabled={names.length === 0}>
          Run a fault…
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>For everybody</Menu.Label>
        {names.map((name) => (
          <Menu.Item key={name} onClick={() => switchTo(name, 'killed')}>
            Kill {name}
          </Menu.Item>
        ))}
        <Menu.Divider />
        {names.map((name) => (
          <Menu.Item key={name} onClick={() => switchTo(name, 'started')}>
            Start {name} again
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

function LabMenu({ classId, current, run }: { classId: string; current: string | undefined; run: Run }) {
  const course = useQuery({ queryKey: ['course'], queryFn: () => api.course.overview.query() })
  const labs = course.data?.chapters.flatMap((chapter) => chapter.labs) ?? []
  return (
    <Menu position="bottom-start" shadow="md" width={300} transitionProps={{ duration: 0 }}>
      <Menu.Target>
        <Button small>Open a lab…</Button>
      </Menu.Target>
      <Menu.Dropdown className={style.labs}>
        {labs.map(({ id, number, title }) => (
          <Menu.Item
            key={id}
            aria-current={id === current || undefined}
            onClick={() =>
              run(
                () => api.teach.openLab.mutate({ classId, labId: id }),
                () => `Everybody is shown the way to lab ${number}.`,
              )
            }
          >
            {number} {title}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
