// When a CronJob was last due, and how many times it was not looked at. Upstream: kubernetes/pkg/controller/cronjob/utils.go.

import type { CronJob } from 'kubernetes-types/batch/v1'
import { type CronSchedule, parseCron } from '../../apimachinery/cron-schedule.ts'

export interface Due {
  /** The last time it was due and not run; undefined when there is none. */
  lastMs: number | undefined
  missed: 'none' | 'few' | 'many'
  nextMs: number | undefined
}

/** So many, and somebody should look: a clock that jumped, or a controller that was away. */
const MANY = 100

export function scheduleOf({ spec }: CronJob): CronSchedule {
  const { schedule = '', timeZone } = spec ?? {}
  const [, zone, rest] = /^(?:CRON_)?TZ=(\S+)\s+(.*)$/.exec(schedule) ?? []
  return parseCron(rest ?? schedule, timeZone ?? zone)
}

export function dueOf(cronJob: CronJob, now: number): Due {
  const { metadata, spec, status } = cronJob
  const schedule = scheduleOf(cronJob)
  const since = Date.parse(status?.lastScheduleTime ?? metadata?.creationTimestamp ?? '')
  const deadline = spec?.startingDeadlineSeconds
  // What is too late to be started need not be looked for.
  let at = deadline === undefined ? since : Math.max(since, now - deadline * 1000)
  let lastMs: number | undefined
  let count = 0
  for (;;) {
    const next = schedule.next(at)
    if (next === undefined || next > now) {
      const missed = count === 0 ? 'none' : count > MANY ? 'many' : 'few'
      return { lastMs, missed, nextMs: next }
    }
    // After so many, only the last one matters: look from shortly before now, wider and wider.
    if (++count > MANY && next < now - HOUR_MS) {
      at = laterStart(schedule, next, now)
      continue
    }
    lastMs = next
    at = next
  }
}

const HOUR_MS = 3600_000

/** A moment from which at least one run is still due. */
function laterStart(schedule: CronSchedule, from: number, now: number): number {
  for (let back = HOUR_MS; now - back > from; back *= 2) {
    const next = schedule.next(now - back)
    if (next !== undefined && next <= now) return now - back
  }
  return from
}

/** `backup-29001234`: the minute it was due, so that no run is made twice. */
export const jobNameFor = ({ metadata }: CronJob, dueMs: number) => `${metadata?.name}-${Math.floor(dueMs / 60_000)}`
