'use client'

// A learner's cluster, files and lab, kept as they are now, and put back to what was kept before.

import { Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../_api/api-client.ts'
import { Button } from '../../_ui/button.tsx'
import type { Act } from './use-act.ts'

interface Props {
  whom: { classId: string; learnerId: string }
  name: string
  run: Act['run']
}

export function SnapshotMenu({ whom, name, run }: Props) {
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
        {kept?.map(({ slot, at, step }) => (
          <Menu.Item
            key={slot}
            onClick={() =>
              run(
                () => api.teach.putBack.mutate({ ...whom, slot }),
                () => `${name}’s cluster and files are being put back to step ${step}.`,
              )
            }
          >
            <time dateTime={new Date(at).toISOString()}>
              {new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })}
            </time>
            , step {step}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
