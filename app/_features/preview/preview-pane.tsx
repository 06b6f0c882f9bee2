'use client'

// What a learner's cluster serves, to the learner and to who teaches them, seen as from a browser in its network: by the addresses that load balancers, node ports
// and Ingresses have. The page is shown in a frame without an origin (server/classroom/preview), so nothing of it can be read
// here: the address line says what was asked for, not where a link has led since.

import { NativeSelect, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { SessionView } from '../../../server/classroom/api/contract.ts'
import { api, wordsOf } from '../../_api/api-client.ts'
import { Button } from '../../_ui/button.tsx'
import { Icon } from '../../_ui/icon.tsx'
import style from './preview.module.css'

interface Props {
  sessionId: string
  nodes: readonly Pick<SessionView['nodes'][number], 'simulated'>[]
  onClose(): void
}

/** Doors come and go while somebody types in the shell beside. */
const LOOK_AGAIN_MS = 3000

interface Shown {
  door: string
  /** Below which the page is seen in the classroom. */
  root: string
  path: string
  /** Another for each time it is asked for: a frame with the same address would not load it again. */
  time: number
}

export function PreviewPane({ sessionId, nodes, onClose }: Props) {
  const found = useQuery({
    queryKey: ['doors', sessionId],
    queryFn: () => api.preview.doors.query({ sessionId }),
    refetchInterval: LOOK_AGAIN_MS,
  })
  const doors = found.data ?? []
  const [chosen, setChosen] = useState('')
  const [path, setPath] = useState('/')
  const [shown, setShown] = useState<Shown>()
  const [problem, setProblem] = useState('')
  const url = doors.some((door) => door.url === chosen) ? chosen : (doors[0]?.url ?? '')

  const go = async (door: string) => {
    setProblem('')
    try {
      const { path: root } = await api.preview.open.mutate({ sessionId, url: door })
      setShown((before) => ({ door, root, path: path.replace(/^\/*/, ''), time: (before?.time ?? 0) + 1 }))
    } catch (err) {
      setShown(undefined)
      setProblem(wordsOf(err))
    }
  }
  const address = shown && `${shown.root}${shown.path}`
  return (
    <section className={style.pane} aria-label="Browser" data-preview="">
      <form
        className={style.head}
        onSubmit={(event) => {
          event.preventDefault()
          if (url) void go(url)
        }}
      >
        <NativeSelect
          className={style.door}
          aria-label="Door of the cluster"
          size="xs"
          disabled={doors.length === 0}
          value={url}
          data={doors.map((door) => ({ value: door.url, label: `${door.url}  ${door.kind} ${door.name}` }))}
          onChange={(event) => setChosen(event.currentTarget.value)}
        />
        <TextInput
          className={style.path}
          aria-label="Path"
          size="xs"
          spellCheck={false}
          value={path}
          onChange={(event) => setPath(event.currentTarget.value)}
        />
        <Button small type="submit" look={shown ? 'plain' : 'go'} disabled={!url}>
          {shown?.door === url ? 'Reload' : 'Open'}
        </Button>
        {address && (
          <a className={style.out} href={address} target="_blank" rel="noopener noreferrer">
            New window
          </a>
        )}
        <Button small look="quiet" aria-label="Close browser" onClick={onClose}>
          <Icon name="close" size={12} />
        </Button>
      </form>
      {(problem || found.error) && (
        <p className={style.bar} role="alert">
          {problem || wordsOf(found.error)}
        </p>
      )}
      {address ? (
        <iframe
          key={shown.time}
          className={style.frame}
          title={`${shown.door}/${shown.path}`}
          src={address}
          sandbox="allow-scripts allow-forms allow-modals allow-popups allow-downloads"
          referrerPolicy="no-referrer"
        />
      ) : (
        <div className={style.empty}>{found.data && <NothingShown nodes={nodes} hasDoors={doors.length > 0} />}</div>
      )}
    </section>
  )
}

function NothingShown({ nodes, hasDoors }: Pick<Props, 'nodes'> & { hasDoors: boolean }) {
  if (nodes.length > 0 && nodes.every(({ simulated }) => simulated)) {
    return <p>These machines are simulated: no packets flow, so there is no page to see.</p>
  }
  if (hasDoors) return <p>Choose a door of the cluster and open it.</p>
  return (
    <>
      <p>
        <b>This cluster has no door yet.</b>
      </p>
      <p>
        A Service is for the inside, unless its type is <code>NodePort</code> or <code>LoadBalancer</code>, or an{' '}
        <code>Ingress</code> leads to it. As soon as one has an address, it can be chosen here.
      </p>
    </>
  )
}
