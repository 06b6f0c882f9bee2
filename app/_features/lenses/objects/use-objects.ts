import { useEffect, useSyncExternalStore } from 'react'
import type { LensProps } from '../lens.ts'
import type { PictureStore } from '../picture/picture-store.ts'
import { ObjectsStore } from './objects-store.ts'

const makeStore = (picture: PictureStore) => new ObjectsStore(picture)

/** The objects of the session's cluster; renders again when they change. */
export function useObjects({ store, sessionId }: Pick<LensProps, 'store' | 'sessionId'>): ObjectsStore {
  const objects = store.part(makeStore)
  useSyncExternalStore(objects.subscribe, objects.snapshot, objects.snapshot)
  useSyncExternalStore(
    store.subscribe,
    () => store.moment,
    () => undefined,
  )
  useEffect(() => (sessionId ? objects.open(sessionId) : undefined), [objects, sessionId])
  return objects
}
