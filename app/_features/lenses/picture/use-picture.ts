import { useEffect, useState, useSyncExternalStore } from 'react'
import { PictureStore } from './picture-store.ts'

interface Looking {
  looksOnly?: boolean
  /** Whoever may not see it now does not go on asking; what they have heard stays. */
  isRefused?: boolean
}

/** The live picture of a session; connected as long as the component is there. */
export function usePictureStore(
  sessionId: string | undefined,
  { looksOnly = false, isRefused = false }: Looking = {},
): PictureStore {
  const [store] = useState(() => new PictureStore({ looksOnly }))
  useEffect(() => {
    if (isRefused) store.rest()
    else if (sessionId) return store.connect(sessionId)
    return undefined
  }, [store, sessionId, isRefused])
  return store
}

/** Renders again when the picture changed, and says how often it did. */
export function usePictureVersion(store: PictureStore): number {
  return useSyncExternalStore(store.subscribe, store.snapshot, store.snapshot)
}
