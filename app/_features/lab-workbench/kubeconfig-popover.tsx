'use client'

// The learner's cluster for a kubectl of their own. Its API server listens on loopback of the machine that runs the
// classroom, so from anywhere else a tunnel is needed, and it says here which.

import { Popover } from '@mantine/core'
import { useState } from 'react'
import { api, wordsOf } from '../../_api/api-client.ts'
import { Button } from '../../_ui/button.tsx'
import { useCopy } from '../../_ui/use-copy.ts'
import style from './lab-workbench.module.css'

interface Kubeconfig {
  text: string
  cluster: string
  server: string
}

export function KubeconfigPopover({ sessionId }: { sessionId: string }) {
  const [kubeconfig, setKubeconfig] = useState<Kubeconfig>()
  const [error, setError] = useState('')
  const [isOpen, setOpen] = useState(false)
  const clipboard = useCopy()
  const load = () => {
    api.cluster.kubeconfig.query({ sessionId }).then(
      (loaded) => {
        setError('')
        setKubeconfig(loaded)
      },
      (cause: unknown) => setError(wordsOf(cause)),
    )
  }
  const toggle = (opens: boolean) => {
    setOpen(opens)
    if (opens) load()
  }
  const port = kubeconfig && new URL(kubeconfig.server).port
  const file = `${kubeconfig?.cluster ?? 'cluster'}.yaml`
  const tunnel = `ssh -N -L ${port ?? ''}:127.0.0.1:${port ?? ''} ${location.hostname}`
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-end" shadow="md" width={320} trapFocus returnFocus>
      <Popover.Target>
        <Button look="quiet" small onClick={() => toggle(!isOpen)}>
          Kubeconfig
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        {/* Has the focus while the buttons are on their way, so that Escape is heard. */}
        <div className={style.kubeconfig} tabIndex={-1} data-autofocus>
          {error && (
            <>
              <p role="alert">{error}</p>
              <Button small onClick={load}>
                Ask again
              </Button>
            </>
          )}
          {!error && !kubeconfig && <p>Asking for it …</p>}
          {!error && kubeconfig && (
            <>
              <p>
                Your cluster for a <code>kubectl</code> of your own. Whoever has this file may do everything in it.
              </p>
              <span>
                <Button small onClick={() => download(file, kubeconfig.text)}>
                  Download {file}
                </Button>
                <Button small onClick={() => clipboard.copy(kubeconfig.text)}>
                  {clipboard.copied ? 'Copied' : 'Copy its text'}
                </Button>
              </span>
              <p>
                Then: <code>kubectl --kubeconfig {file} get nodes</code>
              </p>
              {isHere() ? (
                <p>
                  It works on this machine: the API server listens on <code>{new URL(kubeconfig.server).host}</code>.
                </p>
              ) : (
                <p>
                  The API server listens only on the classroom’s own machine, at{' '}
                  <code>{new URL(kubeconfig.server).host}</code>. From yours, keep this running, with a login of that
                  machine: <code>{tunnel}</code>
                </p>
              )}
            </>
          )}
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}

const isHere = (): boolean => ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname)

function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/yaml' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
