'use client'

// A learner's cluster, files and lab, kept as they are now, and put back to what was kept before.

import { Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { SnapshotView } from '../../../server/classroom/teaching/wall-view.ts'
import { api } from '../../_api/api-client.ts'
import { Button } from '../../_ui/button.tsx'
import type { Act } from './use-act.ts'

interface Props {
  whom: { classId: string; learnerId: string }
  name: string
  run: Act['run']
  onPutBack(snapshot: SnapshotView): void
}

export const timeOf = (at: number) =>
  new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' })

export function SnapshotMenu({ whom, name, run, onPutBack }: Props) {
  const [isOpen, setOpen] = useState(false)
  const { data: kept } = useQuery({
    queryKey: ['snapshots', whom.learnerId],
    queryFn: () => api.teach.snapshots.query(whom),
    enabled: isOpen,
    staleTime: 0,
  })
  return (
    <Menu
      opened={isOpen}
      onChange={setOpen}
      position="top-start"
      shadow="md"
      width={240}
      transitionProps={{ duration: 0 }}
    >
      <Menu.Target>
        <Button small>Snapshots…</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          onClick={() =>
            run(
              () => api.teach.takeSnapshot.mutate(whom),
              () => `${name}’s cluster, files and step are kept as they are now.`,
            )
          }
        >
          Take one now
        </Menu.Item>
        {kept && kept.length > 0 && <Menu.Label>Put back to</Menu.Label>}
        {kept?.map((snapshot) => (
          <Menu.Item key={snapshot.slot} onClick={() => onPutBack(snapshot)}>
            <time dateTime={new Date(snapshot.at).toISOString()}>{timeOf(snapshot.at)}</time>, step {snapshot.step}…
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
