import { useEffect, useSyncExternalStore } from 'react'
import type { LensProps } from '../lens.ts'
import { ObjectsStore } from './objects-store.ts'

const makeStore = () => new ObjectsStore()

/** The objects of the session's cluster; renders again when they change. */
export function useObjects({ store, sessionId }: Pick<LensProps, 'store' | 'sessionId'>): ObjectsStore {
  const objects = store.part(makeStore)
  useSyncExternalStore(objects.subscribe, objects.snapshot, objects.snapshot)
  useEffect(() => (sessionId ? objects.open(sessionId) : undefined), [objects, sessionId])
  return objects
}
