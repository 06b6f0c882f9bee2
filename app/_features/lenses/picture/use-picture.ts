import { useEffect, useState, useSyncExternalStore } from 'react'
import { PictureStore } from './picture-store.ts'

/** The live picture of a session; connected as long as the component is there. */
export function usePictureStore(sessionId: string | undefined, { looksOnly = false } = {}): PictureStore {
  const [store] = useState(() => new PictureStore({ looksOnly }))
  useEffect(() => (sessionId ? store.connect(sessionId) : undefined), [store, sessionId])
  return store
}

/** Renders again when the picture changed, and says how often it did. */
export function usePictureVersion(store: PictureStore): number {
  return useSyncExternalStore(store.subscribe, store.snapshot, store.snapshot)
}
