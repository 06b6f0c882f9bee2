// When a CronJob was last due, and how many times it was not looked at. Upstream: kubernetes/pkg/controller/cronjob/utils.go.

import type { CronJob } from 'kubernetes-types/batch/v1'
import { type CronSchedule, parseCron } from '../../apimachinery/cron-schedule.ts'

export interface Due {
  /** The last time it was due and not run; undefined when there is none. */
  lastMs: number | undefined
  /** So many were missed that somebody should look: a clock that jumped, or a controller that was away. */
  areMany: boolean
  /** Undefined where it is never due. */
  nextMs: number | undefined
}

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
  const from = deadline === undefined ? since : Math.max(since, now - deadline * 1000)
  // `@every 1h` is counted from the last run, whatever is too late by now.
  return { ...missedSince(schedule, from, now), nextMs: nextAfter(schedule, since, now) }
}

/**
 * As upstream estimates it: by the time between the first two. Of a schedule of uneven steps more are told than there
 * were, and when the last of them was long ago, none is found.
 */
function missedSince(
  schedule: CronSchedule,
  from: number,
  now: number,
): { lastMs: number | undefined; areMany: boolean } {
  const first = schedule.next(from)
  if (first === undefined || first > now) return { lastMs: undefined, areMany: false }
  const second = schedule.next(first)
  if (second === undefined || second > now) return { lastMs: first, areMany: false }
  const step = second - first
  const missed = Math.floor((now - first) / step) + 1
  let lastMs: number | undefined
  let next = schedule.next(first + (missed - 2) * step)
  while (next !== undefined && next <= now) {
    lastMs = next
    next = schedule.next(next)
  }
  return { lastMs, areMany: missed > MANY }
}

function nextAfter(schedule: CronSchedule, since: number, now: number): number | undefined {
  const first = schedule.next(since)
  if (first === undefined || first > now) return first
  return schedule.next(missedSince(schedule, since, now).lastMs ?? now)
}

/** `backup-29001234`: the minute it was due, so that no run is made twice. */
export const jobNameFor = ({ metadata }: CronJob, dueMs: number) => `${metadata?.name}-${Math.floor(dueMs / 60_000)}`
