import { useEffect, useSyncExternalStore } from 'react'
import type { LensProps } from '../lens.ts'
import { endOf } from '../time/past-model.ts'
import { NetworkStore } from './network-store.ts'

const makeStore = () => new NetworkStore()

/** The network of the session's cluster; renders again when it changes. */
export function useNetwork({ store, sessionId }: Pick<LensProps, 'store' | 'sessionId'>): NetworkStore {
  const network = store.part(makeStore)
  useSyncExternalStore(network.subscribe, network.snapshot, network.snapshot)
  const { moment, live } = store
  useEffect(() => {
    if (!sessionId) return
    const { revision } = moment ?? {}
    void network.lookAt(sessionId, revision === undefined ? undefined : { revision, until: endOf(live.rows, revision) })
  }, [network, sessionId, moment, live])
  useEffect(() => (sessionId ? network.open(sessionId) : undefined), [network, sessionId])
  return network
}
