// By how much more or less a plug-in should have weighed: a question to decisions that were made, never an order.

import { useSyncExternalStore } from 'react'
import type { LensProps } from '../lens.ts'
import type { Factors } from './decision.ts'

export class WeightsStore {
  factors: Factors = new Map()
  private viewers = new Set<() => void>()

  subscribe = (viewer: () => void): (() => void) => {
    this.viewers.add(viewer)
    return () => this.viewers.delete(viewer)
  }

  snapshot = (): Factors => this.factors

  weigh(plugin: string, factor: number): void {
    this.factors = new Map([...this.factors, [plugin, factor]])
    for (const viewer of this.viewers) viewer()
  }
}

const makeStore = () => new WeightsStore()

export function useWeights({ store }: Pick<LensProps, 'store'>): WeightsStore {
  const weights = store.part(makeStore)
  useSyncExternalStore(weights.subscribe, weights.snapshot, weights.snapshot)
  return weights
}
