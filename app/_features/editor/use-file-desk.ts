'use client'

import { TRPCClientError } from '@trpc/client'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { api, wordsOf } from '../../_api/api-client.ts'
import { type DeskState, type FileApi, FileDesk } from './file-desk.ts'

/** The files of one session's home. Leaving the page with something unsaved is asked about. */
export function useFileDesk(sessionId: string | undefined): FileDesk {
  const [desk, setDesk] = useState(() => new FileDesk(filesOf(sessionId ?? '')))
  const [of, setOf] = useState(sessionId)
  if (of !== sessionId) {
    setOf(sessionId)
    setDesk(new FileDesk(filesOf(sessionId ?? '')))
  }
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => {
      if (desk.state.unsaved.length > 0) event.preventDefault()
    }
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [desk])
  return desk
}

export const useDesk = (desk: FileDesk): DeskState =>
  useSyncExternalStore(
    desk.subscribe,
    () => desk.state,
    () => desk.state,
  )

const filesOf = (sessionId: string): FileApi => ({
  list: () => api.files.list.query({ sessionId }),
  read: (path) => api.files.read.query({ sessionId, path }),
  write: (path, text, version) => api.files.write.mutate({ sessionId, path, text, version }),
  rename: async (path, to) => void (await api.files.rename.mutate({ sessionId, path, to })),
  remove: async (path) => void (await api.files.remove.mutate({ sessionId, path })),
  kindOf(error) {
    const code = error instanceof TRPCClientError ? error.data?.code : undefined
    return code === 'CONFLICT' ? 'conflict' : code === 'NOT_FOUND' ? 'missing' : 'other'
  },
  wordsOf,
})
