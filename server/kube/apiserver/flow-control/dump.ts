// What the priority levels are doing now, as `/debug/api_priority_and_fairness/` shows it to a person.
// Upstream: apiserver/pkg/util/flowcontrol/apf_controller_debug.go.

import type { FlowSchema } from 'kubernetes-types/flowcontrol/v1'
import type { UserInfo } from '../request-path/request-context.ts'
import type { RequestInfo } from '../request-path/request-info.ts'
import type { FairQueues, Waiting } from './fair-queues.ts'
import { flowOf } from './flow-match.ts'

/** A request that has a seat, or waits for one. */
export interface Asked {
  schema: FlowSchema
  user: UserInfo
  info: RequestInfo
  seats: number
  arrivedMs: number
  startedMs?: number
}

export interface AskedAndWaiting extends Waiting {
  asked: Asked
}

const LEVELS = [
  'PriorityLevelName',
  'ActiveQueues',
  'IsIdle',
  'IsQuiescing',
  'WaitingRequests',
  'ExecutingRequests',
  'DispatchedRequests',
  'RejectedRequests',
  'TimedoutRequests',
  'CancelledRequests',
]
const QUEUES = [
  'PriorityLevelName',
  'Index',
  'PendingRequests',
  'ExecutingRequests',
  'SeatsInUse',
  'NextDispatchR',
  'InitialSeatsSum',
  'MaxSeatsSum',
  'TotalWorkSum',
]
const REQUESTS = [
  'PriorityLevelName',
  'FlowSchemaName',
  'QueueIndex',
  'RequestIndexInQueue',
  'FlowDistingsher',
  'ArriveTime',
  'InitialSeats',
  'FinalSeats',
  'AdditionalLatency',
  'StartTime',
]
const DETAILS = ['UserName', 'Verb', 'APIPath', 'Namespace', 'Name', 'APIVersion', 'Resource', 'SubResource']

/** In no queue, and no more waiting. */
const NOWHERE = -1
const NO_TIME = '0001-01-01T00:00:00Z'

/** Of a priority level what is shown. */
interface Level {
  name: string
  queues: FairQueues<AskedAndWaiting> | undefined
  running: ReadonlySet<Asked>
  executing: number
  dispatched: number
  rejected: number
  timedOut: number
  cancelled: number
}

export function dumpLevels(levels: readonly Level[]): string {
  const rows = levels.map((level) => {
    const { name, queues, executing, dispatched, rejected, timedOut, cancelled } = level
    const waiting = queues?.length ?? 0
    const isIdle = waiting === 0 && executing === 0
    return [name, queues?.active ?? 0, isIdle, false, waiting, executing, dispatched, rejected, timedOut, cancelled]
  })
  return inColumns(LEVELS, rows)
}

export function dumpQueues(levels: readonly Level[], guessSeconds: number): string {
  const rows = levels.flatMap(({ name, queues }) =>
    (queues?.all ?? []).map(({ waiting, running, work }, index) => {
      const seats = seatsOf(waiting)
      const total = seatSeconds(seats * guessSeconds)
      return [name, index, waiting.length, running.size, seatsOf([...running]), seatSeconds(work), seats, seats, total]
    }),
  )
  return inColumns(QUEUES, rows)
}

export function dumpRequests(levels: readonly Level[], told: { details: boolean }): string {
  const rows = levels.flatMap(({ name, queues, running }) => {
    const row = (asked: Asked, queue: number, index: number) => [
      name,
      asked.schema.metadata?.name ?? '',
      queue,
      index,
      flowOf(asked.schema, asked.user, asked.info),
      timeOf(asked.arrivedMs),
      asked.seats,
      0,
      '0s',
      asked.startedMs === undefined ? NO_TIME : timeOf(asked.startedMs),
      ...(told.details ? detailsOf(asked) : []),
    ]
    // Most get a seat at once, and are in no queue at any time.
    const queueless = new Set(running)
    const queued = (queues?.all ?? []).flatMap((queue, at) => {
      for (const { asked } of queue.running) queueless.delete(asked)
      return [
        ...queue.waiting.map(({ asked }, index) => row(asked, at, index)),
        ...[...queue.running].map(({ asked }) => row(asked, at, NOWHERE)),
      ]
    })
    return [...queued, ...[...queueless].map((asked) => row(asked, NOWHERE, NOWHERE))]
  })
  return inColumns(told.details ? [...REQUESTS, ...DETAILS] : REQUESTS, rows)
}

function detailsOf({ user, info }: Asked): string[] {
  const version = info.group ? `${info.group}/${info.version}` : info.version
  return [user.name, info.verb, info.path, info.namespace, info.name, version, info.resource, info.subresource]
}

const seatsOf = (all: readonly Waiting[]) => all.reduce((sum, { seats }) => sum + seats, 0)

/** As upstream writes seats times seconds. */
const seatSeconds = (amount: number) => `${amount.toFixed(8)}ss`

const timeOf = (ms: number) => new Date(ms).toISOString()

type Cell = string | number | boolean

/** As Go's tabwriter sets it there: by name, a comma after each cell but the last, columns of eight characters or more. */
function inColumns(head: readonly string[], cells: readonly (readonly Cell[])[]): string {
  const byName = cells.map((row) => row.map(String)).sort(([a = ''], [b = '']) => (a < b ? -1 : a > b ? 1 : 0))
  const rows = [head, ...byName]
  const widths = head.map((_, column) => Math.max(8, ...rows.map((row) => row[column]!.length + 2)))
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column < row.length - 1 ? `${cell},`.padEnd(widths[column]!) : cell)).join('')
  return rows.map((row) => `${line(row)}\n`).join('')
}
