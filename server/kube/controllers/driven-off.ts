// How many pods a loop has driven off, and how long after their time.

import type { Metrics } from '../../base/metrics.ts'

const BOUNDS_S = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 30, 60, 120, 180, 240]

interface Loop {
  /** Before the names of its metrics. */
  subsystem: string
  name: string
  /** What its pods do not tolerate. */
  what: string
  /** Whose time it is. */
  whose: string
}

/** Counts one that was due so long ago. */
export type CountDrivenOff = (lateMs: number) => void

export function countingDrivenOff(metrics: Metrics, { subsystem, name, what, whose }: Loop): CountDrivenOff {
  const total = metrics.counter(
    `${subsystem}_pod_deletions_total`,
    `Total number of Pods deleted by ${name} since its start.`,
  )
  const latency = metrics.histogram(
    `${subsystem}_pod_deletion_duration_seconds`,
    `Latency, in seconds, between the time when a ${what} effect has been activated ${whose} deletion via ${name}.`,
    BOUNDS_S,
  )
  // There from the beginning, as upstream's are.
  total.add({}, 0)
  latency.of({})
  return (lateMs) => {
    total.add({})
    latency.observe({}, lateMs / 1000)
  }
}
