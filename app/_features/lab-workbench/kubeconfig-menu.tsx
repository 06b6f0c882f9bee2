'use client'

// The learner's cluster for a kubectl of their own. Its API server listens on loopback of the machine that runs the
// classroom, so from anywhere else a tunnel is needed, and the menu says which.

import { Menu } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { useState } from 'react'
import { api, wordsOf } from '../../_api/api-client.ts'
import { Button } from '../../_ui/button.tsx'
import style from './lab-workbench.module.css'

interface Kubeconfig {
  text: string
  cluster: string
  server: string
}

export function KubeconfigMenu({ sessionId }: { sessionId: string }) {
  const [kubeconfig, setKubeconfig] = useState<Kubeconfig>()
  const [error, setError] = useState('')
  const clipboard = useClipboard({ timeout: 1500 })
  const load = () => {
    api.cluster.kubeconfig.query({ sessionId }).then(
      (loaded) => {
        setError('')
        setKubeconfig(loaded)
      },
      (cause: unknown) => setError(wordsOf(cause)),
    )
  }
  const port = kubeconfig && new URL(kubeconfig.server).port
  const file = `${kubeconfig?.cluster ?? 'cluster'}.yaml`
  const tunnel = `ssh -N -L ${port ?? ''}:127.0.0.1:${port ?? ''} ${location.hostname}`
  return (
    <Menu position="bottom-end" shadow="md" width={320} transitionProps={{ duration: 0 }} onOpen={load}>
      <Menu.Target>
        <Button look="quiet" small>
          Kubeconfig
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {error && (
          <>
            <p className={style.say} role="alert">
              {error}
            </p>
            <Menu.Item closeMenuOnClick={false} onClick={load}>
              Ask again
            </Menu.Item>
          </>
        )}
        {!error && !kubeconfig && <Menu.Item disabled>Asking for it …</Menu.Item>}
        {!error && kubeconfig && (
          <>
            <p className={style.say}>
              Your cluster for a <code>kubectl</code> of your own. Whoever has this file may do everything in it.
            </p>
            <Menu.Item onClick={() => download(file, kubeconfig.text)}>
              Download <code>{file}</code>
            </Menu.Item>
            <Menu.Item closeMenuOnClick={false} onClick={() => clipboard.copy(kubeconfig.text)}>
              {clipboard.copied ? 'Copied' : 'Copy its text'}
            </Menu.Item>
            <Menu.Divider />
            <p className={style.say}>
              Then: <code>kubectl --kubeconfig {file} get nodes</code>
            </p>
            {isHere() ? (
              <p className={style.say}>
                It works on this machine: the API server listens on <code>{new URL(kubeconfig.server).host}</code>.
              </p>
            ) : (
              <p className={style.say}>
                The API server listens only on the classroom’s own machine, at{' '}
                <code>{new URL(kubeconfig.server).host}</code>. From yours, keep this running, with a login of that
                machine: <code>{tunnel}</code>
              </p>
            )}
          </>
        )}
      </Menu.Dropdown>
    </Menu>
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
