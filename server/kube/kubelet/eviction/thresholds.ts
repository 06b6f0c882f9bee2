// When a machine is short of something: thresholds, and which of them are met by what was observed.
// Upstream: pkg/kubelet/eviction/helpers.go.

import { goDurationMs } from '../../apimachinery/go-duration.ts'
import { Quantity, quantityOf } from '../../apimachinery/quantity.ts'
import type { KubeletConfiguration } from '../kubelet-configuration.ts'

/** Of each signal: the node's condition and the resource that is then short. The order is that of reclaiming. */
export const SIGNALS = {
  'memory.available': { condition: 'MemoryPressure', resource: 'memory' },
  'nodefs.available': { condition: 'DiskPressure', resource: 'ephemeral-storage' },
  'nodefs.inodesFree': { condition: 'DiskPressure', resource: 'inodes' },
  'imagefs.available': { condition: 'DiskPressure', resource: 'ephemeral-storage' },
  'imagefs.inodesFree': { condition: 'DiskPressure', resource: 'inodes' },
  'pid.available': { condition: 'PIDPressure', resource: 'pids' },
} as const

export type Signal = keyof typeof SIGNALS
export type Pressure = (typeof SIGNALS)[Signal]['condition']
export type Starved = (typeof SIGNALS)[Signal]['resource']

export interface Observation {
  available: number
  capacity: number
}
export type Observations = Partial<Record<Signal, Observation>>

export interface Threshold {
  signal: Signal
  /** An amount, or a share of the capacity: `100Mi`, `10%`. */
  value: string
  /** Zero: acts at once, and pods get a second. */
  graceMs: number
  minReclaim: string
}

type Told = Pick<
  KubeletConfiguration,
  'evictionHard' | 'evictionSoft' | 'evictionSoftGracePeriod' | 'evictionMinimumReclaim'
>

export function thresholdsOf(told: Told): Threshold[] {
  const list = (of: Record<string, string>, graceOf: (signal: string) => number) =>
    Object.entries(of).map(([signal, value]) => {
      if (!(signal in SIGNALS)) throw new Error(`unsupported eviction signal ${signal}`)
      const minReclaim = told.evictionMinimumReclaim[signal] ?? '0'
      return { signal: signal as Signal, value, graceMs: graceOf(signal), minReclaim }
    })
  const softGrace = (signal: string) => {
    const period = told.evictionSoftGracePeriod[signal]
    if (period === undefined)
      throw new Error(`grace period must be specified for the soft eviction threshold ${signal}`)
    const graceMs = goDurationMs(period)
    if (graceMs === undefined)
      throw new Error(`invalid grace period "${period}" of the soft eviction threshold ${signal}`)
    return graceMs
  }
  return [...list(told.evictionHard, () => 0), ...list(told.evictionSoft, softGrace)]
}

export function amountAt(value: string, capacity: number): number {
  return value.endsWith('%') ? (Number(value.slice(0, -1)) / 100) * capacity : quantityOf(value).number
}

/** With `reclaiming`, what was met before stays so until as much more is free as asked for. */
export function thresholdsMet(
  thresholds: readonly Threshold[],
  observations: Observations,
  { reclaiming = false } = {},
): Threshold[] {
  return thresholds.filter(({ signal, value, minReclaim }) => {
    const seen = observations[signal]
    if (!seen) return false
    const wanted = amountAt(value, seen.capacity) + (reclaiming ? amountAt(minReclaim, seen.capacity) : 0)
    return seen.available < wanted
  })
}

/** As Kubernetes writes it: bytes in powers of 1024, the rest in plain numbers. */
export function written(amount: number, resource: string): string {
  const isBytes = resource === 'memory' || resource === 'ephemeral-storage'
  return new Quantity(BigInt(Math.floor(amount)) * 1_000_000_000n, isBytes ? 'binary' : 'decimal').toString()
}
