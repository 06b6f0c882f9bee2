import { useEffect, useSyncExternalStore } from 'react'
import { api, wordsOf } from '../../../_api/api-client.ts'
import type { LensProps } from '../lens.ts'
import type { PictureStore } from '../picture/picture-store.ts'
import { TimeMachine } from './time-machine.ts'
import type { Flag } from './timeline.ts'

const makeTime = (picture: PictureStore) => new TimeMachine(picture)

/** The hand on the picture's time; renders again when it moves. */
export function useTime(
  { store, sessionId }: Pick<LensProps, 'store' | 'sessionId'>,
  flags: readonly Flag[],
): TimeMachine {
  const time = store.part(makeTime)
  useSyncExternalStore(time.subscribe, time.snapshot, time.snapshot)
  useEffect(() => {
    if (!sessionId) return
    const past = (revision: number) => api.picture.past.query({ sessionId, revision })
    void time.open({ history: () => api.picture.history.query({ sessionId }), past, wordsOf })
    return () => time.goLive()
  }, [time, sessionId])
  useEffect(() => time.setFlags(flags), [time, flags])
  // A cluster that was replaced takes its past along.
  const { moment } = store
  useEffect(() => {
    if (!moment && time.shown !== undefined) time.goLive()
  }, [time, moment])
  return time
}
