import { useEffect, useSyncExternalStore } from 'react'
import type { LensProps } from '../lens.ts'
import { NetworkStore } from './network-store.ts'

const makeStore = () => new NetworkStore()

/** The network of the session's cluster; renders again when it changes. */
export function useNetwork({ store, sessionId }: Pick<LensProps, 'store' | 'sessionId'>): NetworkStore {
  const network = store.part(makeStore)
  useSyncExternalStore(network.subscribe, network.snapshot, network.snapshot)
  useEffect(() => (sessionId ? network.open(sessionId) : undefined), [network, sessionId])
  return network
}
