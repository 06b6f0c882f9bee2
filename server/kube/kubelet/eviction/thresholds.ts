// When a machine is short of something: thresholds, and which of them are met by what was observed.
// Upstream: pkg/kubelet/eviction/helpers.go.

import { goDurationMs } from '../../apimachinery/go-duration.ts'
import { parseQuantity, Quantity, quantityOf } from '../../apimachinery/quantity.ts'
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
    Object.entries(of).flatMap(([signal, value]): Threshold[] => {
      checkSignal(signal)
      // Both switch it off.
      if (value === '0%' || value === '100%') return []
      checkAmount(signal, value)
      const minReclaim = told.evictionMinimumReclaim[signal] ?? '0'
      return [{ signal: signal as Signal, value, graceMs: graceOf(signal), minReclaim }]
    })
  const softGrace = (signal: string) => {
    const period = told.evictionSoftGracePeriod[signal]
    if (period === undefined)
      throw new Error(`grace period must be specified for the soft eviction threshold ${signal}`)
    const graceMs = goDurationMs(period.replace(/^-/, ''))
    if (graceMs === undefined) throw new Error(`time: invalid duration "${period}"`)
    if (period.startsWith('-') && graceMs > 0) {
      throw new Error(`invalid eviction grace period specified: ${period}, must be a positive value`)
    }
    return graceMs
  }
  for (const [signal, value] of Object.entries(told.evictionMinimumReclaim)) checkReclaim(signal, value)
  return [...list(told.evictionHard, () => 0), ...list(told.evictionSoft, softGrace)]
}

function checkSignal(signal: string): void {
  if (!(signal in SIGNALS)) throw new Error(`unsupported eviction signal ${signal}`)
}

function checkAmount(signal: string, value: string): void {
  if (value.endsWith('%')) {
    const share = shareOf(value)
    const limit = share < 0 ? '>= 0%' : share > 100 ? '<= 100%' : undefined
    if (limit) throw new Error(`eviction percentage threshold ${signal} must be ${limit}: ${value}`)
  } else if (!(amountOf(value) > 0)) throw new Error(`eviction threshold ${signal} must be positive: ${value}`)
}

function checkReclaim(signal: string, value: string): void {
  checkSignal(signal)
  if (value.endsWith('%')) {
    if (!(shareOf(value) > 0))
      throw new Error(`eviction percentage minimum reclaim ${signal} must be positive: ${value}`)
  } else if (amountOf(value) < 0) throw new Error(`negative eviction minimum reclaim specified for ${signal}`)
}

function shareOf(value: string): number {
  const text = value.replace(/%+$/, '')
  const share = text === '' ? Number.NaN : Number(text)
  if (Number.isNaN(share)) throw new Error(`strconv.ParseFloat: parsing "${text}": invalid syntax`)
  return share
}

function amountOf(value: string): number {
  const quantity = parseQuantity(value)
  if (!quantity) throw new Error(MALFORMED)
  return quantity.number
}

const MALFORMED = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

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
