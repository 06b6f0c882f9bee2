import { useSyncExternalStore } from 'react'
import type { LensProps } from '../../lens.ts'
import { TraceStore } from './trace-store.ts'

const makeStore = () => new TraceStore()

export function useTrace({ store }: Pick<LensProps, 'store'>): TraceStore {
  const trace = store.part(makeStore)
  useSyncExternalStore(trace.subscribe, trace.snapshot, trace.snapshot)
  return trace
}
