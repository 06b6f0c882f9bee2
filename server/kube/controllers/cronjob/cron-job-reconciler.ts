// Makes a Job whenever one is due. Upstream: kubernetes/pkg/controller/cronjob/cronjob_controllerv2.go.

import type { CronJob as BatchCronJob, Job as BatchJob, CronJobStatus } from 'kubernetes-types/batch/v1'
import type { ObjectReference } from 'kubernetes-types/core/v1'
import { deepCopy, deepEqual } from '../../apimachinery/deep.ts'
import { controllerOf, keyOf, revisionOf } from '../../apimachinery/object-meta.ts'
import { isAlreadyExists, isNotFound } from '../../apimachinery/status-error.ts'
import { offsetIn } from '../../apimachinery/zone-clock.ts'
import type { ClusterView } from '../../client/controller-builder.ts'
import type { IndexedCache, Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import { CronJob } from '../../kinds/cron-job.ts'
import { hasCondition, Job } from '../../kinds/job.ts'
import { controllerReference, isNamespaceTerminating, messageOf } from '../pod-control.ts'
import { type Due, dueOf, jobNameFor } from './missed-runs.ts'

/** Clocks are not quite alike; a little late is better than a little early. */
const SKEW_MS = 100
const SCHEDULED_AT = 'batch.kubernetes.io/cronjob-scheduled-timestamp'

const isFinished = (job: BatchJob) => hasCondition(job, 'Complete') || hasCondition(job, 'Failed')
const iso = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`

export class CronJobReconciler implements Reconciler {
  readonly #view: ClusterView
  readonly #cronJobs: Lister<BatchCronJob>
  readonly #jobs: IndexedCache<BatchJob>
  /** The last status written: an older one in the cache does not know of the last run. */
  readonly #written = new Map<string, number>()
  /** When its times were changed: what would have been due before by the new ones is not made up for. */
  readonly #changedAt = new Map<string, number>()

  constructor(view: ClusterView) {
    this.#view = view
    this.#cronJobs = view.cache(CronJob)
    this.#jobs = view.cache(Job)
    view.onChange(CronJob, (change) => {
      if (change.type !== 'updated') return
      const [before, after] = [change.previous.spec, change.object.spec]
      if (before?.schedule === after?.schedule && before?.timeZone === after?.timeZone) return
      this.#changedAt.set(keyOf(change.object), view.clock.now())
    })
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const { key, report } = context
    const heard = this.#cronJobs.get(key)
    if (!heard) {
      this.#written.delete(key)
      this.#changedAt.delete(key)
      return
    }
    if (revisionOf(heard) < (this.#written.get(key) ?? 0)) return
    const jobs = this.#jobs.controlledBy(heard.metadata?.uid)
    const cronJob = await newest(context, heard, jobs)
    report.sees(cronJob, ...jobs)
    const status: CronJobStatus = deepCopy(cronJob.status ?? {})
    await this.#tidy(context, cronJob, jobs, status)
    await this.#settleActive(context, cronJob, jobs, status)
    try {
      return cronJob.metadata?.deletionTimestamp ? undefined : await this.#run(context, cronJob, status)
    } finally {
      // Also when no run could be made: what has ended would be told anew with every try.
      await this.#writeStatus(context, cronJob, status)
    }
  }

  async #writeStatus(context: ReconcileContext, cronJob: BatchCronJob, status: CronJobStatus): Promise<void> {
    if (status.active?.length === 0) delete status.active
    if (deepEqual(status, cronJob.status ?? {})) return
    const written = await context.client.of(CronJob).updateStatus({ ...cronJob, status })
    this.#written.set(context.key, revisionOf(written))
  }

  /** Which of its Jobs still run, and which have ended since. */
  async #settleActive(
    context: ReconcileContext,
    cronJob: BatchCronJob,
    jobs: readonly BatchJob[],
    status: CronJobStatus,
  ): Promise<void> {
    const say = (reason: string, message: string, type: 'Normal' | 'Warning' = 'Normal') =>
      context.event(CronJob, cronJob, type, reason, message)
    for (const job of jobs) {
      const { uid, name } = job.metadata ?? {}
      const isListed = status.active?.some((entry) => entry.uid === uid) ?? false
      if (!isListed && !isFinished(job)) {
        say('UnexpectedJob', `Saw a job that the controller did not create or forgot: ${name}`, 'Warning')
      } else if (isListed && isFinished(job)) {
        const end = hasCondition(job, 'Complete') ? 'Complete' : 'Failed'
        status.active = status.active?.filter((entry) => entry.uid !== uid) ?? []
        say('SawCompletedJob', `Saw completed job: ${name}, condition: ${end}`)
      }
      const ended = job.status?.completionTime
      if (hasCondition(job, 'Complete') && ended && ended > (status.lastSuccessfulTime ?? ''))
        status.lastSuccessfulTime = ended
    }
    const known = new Set(jobs.map(({ metadata }) => metadata?.uid))
    for (const entry of status.active ?? []) {
      if (known.has(entry.uid) || (await jobOf(context, entry))) continue
      status.active = status.active?.filter((other) => other !== entry) ?? []
      say('MissingJob', `Active job went missing: ${entry.name}`)
    }
  }

  async #run(context: ReconcileContext, cronJob: BatchCronJob, status: CronJobStatus): Promise<Result> {
    const { report, key } = context
    const { spec } = cronJob
    if (spec?.suspend) return
    const now = this.#view.clock.now()
    const due = dueOf(cronJob, now)
    if (due.lastMs !== undefined && due.lastMs <= (this.#changedAt.get(key) ?? 0)) due.lastMs = undefined
    const wait = due.nextMs === undefined ? undefined : { requeueAfterMs: due.nextMs - now + SKEW_MS }
    report.wanted = due.lastMs === undefined ? 'nothing now' : `a Job for ${iso(due.lastMs)}`
    report.seen = `${status.active?.length ?? 0} active`
    if (due.lastMs === undefined) {
      if (due.nextMs === undefined) context.event(CronJob, cronJob, 'Warning', 'InvalidSchedule', neverDue(cronJob))
      return wait
    }
    complain(context, cronJob, due)
    if (spec?.startingDeadlineSeconds !== undefined && due.lastMs + Number(spec.startingDeadlineSeconds) * 1000 < now) {
      context.event(
        CronJob,
        cronJob,
        'Warning',
        'MissSchedule',
        `Missed scheduled time to start a job: ${new Date(due.lastMs).toUTCString().replace('GMT', '+0000')}`,
      )
      return wait
    }
    const name = jobNameFor(cronJob, due.lastMs)
    const isListed = status.active?.some((entry) => entry.name === name) ?? false
    if (isListed || status.lastScheduleTime === iso(due.lastMs)) return wait
    if (spec?.concurrencyPolicy === 'Forbid' && (status.active?.length ?? 0) > 0) {
      context.event(
        CronJob,
        cronJob,
        'Normal',
        'JobAlreadyActive',
        'Not starting job because prior execution is running and concurrency policy is Forbid',
      )
      return wait
    }
    if (spec?.concurrencyPolicy === 'Replace') {
      for (const entry of status.active ?? []) {
        const job = await jobOf(context, entry)
        if (job) await this.#delete(context, cronJob, job)
        status.active = status.active?.filter((other) => other !== entry) ?? []
      }
    }
    await this.#create(context, cronJob, status, { name, dueMs: due.lastMs })
    return wait
  }

  async #create(
    context: ReconcileContext,
    cronJob: BatchCronJob,
    status: CronJobStatus,
    { name, dueMs }: { name: string; dueMs: number },
  ): Promise<void> {
    const { client, report } = context
    const { namespace = '' } = cronJob.metadata ?? {}
    const { metadata, spec } = cronJob.spec!.jobTemplate
    const zone = cronJob.spec?.timeZone
    const job: BatchJob = deepCopy({
      metadata: {
        name,
        namespace,
        ...(metadata?.labels ? { labels: metadata.labels } : {}),
        annotations: { ...metadata?.annotations, [SCHEDULED_AT]: zone ? inZone(dueMs, zone) : iso(dueMs) },
        ownerReferences: [controllerReference(CronJob, cronJob)],
      },
      spec: spec!,
    })
    let made: BatchJob
    try {
      made = await client.of(Job).create(job)
      context.event(CronJob, cronJob, 'Normal', 'SuccessfulCreate', `Created job ${name}`)
    } catch (err) {
      if (isNamespaceTerminating(err)) return
      if (!isAlreadyExists(err)) {
        context.event(CronJob, cronJob, 'Warning', 'FailedCreate', `Error creating job: ${messageOf(err)}`)
        throw err
      }
      // Made before this loop was stopped, or by somebody else: the run is there all the same.
      made = await client.of(Job).get({ namespace, name })
      if (controllerOf(made)?.uid !== cronJob.metadata?.uid) return
    }
    report.did.push(`created ${name}`)
    const { uid, resourceVersion } = made.metadata ?? {}
    const entry = { apiVersion: 'batch/v1', kind: 'Job', name, namespace, uid, resourceVersion }
    status.active = [...(status.active ?? []), entry as NonNullable<CronJobStatus['active']>[number]]
    status.lastScheduleTime = iso(dueMs)
  }

  /** Keeps so many that have ended, the youngest. */
  async #tidy(
    context: ReconcileContext,
    cronJob: BatchCronJob,
    jobs: readonly BatchJob[],
    status: CronJobStatus,
  ): Promise<void> {
    const { successfulJobsHistoryLimit: good = 3, failedJobsHistoryLimit: bad = 1 } = cronJob.spec ?? {}
    for (const [type, limit] of [
      ['Complete', good],
      ['Failed', bad],
    ] as const) {
      const ended = jobs.filter((job) => hasCondition(job, type) && !job.metadata?.deletionTimestamp).sort(oldestFirst)
      for (const job of ended.slice(0, Math.max(0, ended.length - limit))) {
        try {
          await this.#delete(context, cronJob, job)
          status.active = status.active?.filter(({ uid }) => uid !== job.metadata?.uid) ?? []
        } catch (err) {
          // Told by an Event. That an old run stays keeps no new one from its time.
          context.log.warn('an old run could not be deleted', { job: job.metadata?.name ?? '', error: messageOf(err) })
        }
      }
    }
  }

  async #delete(context: ReconcileContext, cronJob: BatchCronJob, job: BatchJob): Promise<void> {
    const { namespace = '', name = '', uid } = job.metadata ?? {}
    try {
      await context.client
        .of(Job)
        .delete({ namespace, name }, { propagationPolicy: 'Background', ...(uid ? { uid } : {}) })
      context.event(CronJob, cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${name}`)
    } catch (err) {
      if (isNotFound(err)) return
      context.event(CronJob, cronJob, 'Warning', 'FailedDelete', `Deleted job: ${messageOf(err)}`)
      throw err
    }
  }
}

/** Where a Job looks odd, the cache may only be behind with what this loop itself has told: so ask. */
async function newest(
  { client }: ReconcileContext,
  cronJob: BatchCronJob,
  jobs: readonly BatchJob[],
): Promise<BatchCronJob> {
  const { namespace = '', name = '' } = cronJob.metadata ?? {}
  const listed = new Set(cronJob.status?.active?.map(({ uid }) => uid))
  const isOdd = jobs.some((job) => !isFinished(job) && !listed.has(job.metadata?.uid))
  return isOdd ? client.of(CronJob).get({ namespace, name }) : cronJob
}

async function jobOf(
  { client }: ReconcileContext,
  { namespace = '', name = '' }: ObjectReference,
): Promise<BatchJob | undefined> {
  try {
    return await client.of(Job).get({ namespace, name })
  } catch (err) {
    if (isNotFound(err)) return undefined
    throw err
  }
}

function complain(context: ReconcileContext, cronJob: BatchCronJob, { areMany }: Due): void {
  if (!areMany) return
  const why = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew'
  context.event(CronJob, cronJob, 'Warning', 'TooManyMissedTimes', why)
}

/** As upstream finds it out: it takes two runs of no time for runs at one time. */
const neverDue = ({ spec }: BatchCronJob) =>
  `invalid schedule: ${spec?.schedule} : time difference between two schedules is less than 1 second`

function oldestFirst({ status: a, metadata: left }: BatchJob, { status: b, metadata: right }: BatchJob): number {
  const [one, other] = [a?.startTime ?? '~', b?.startTime ?? '~']
  if (one !== other) return one < other ? -1 : 1
  return (left?.name ?? '') < (right?.name ?? '') ? -1 : 1
}

/** `2026-03-29T02:30:00+02:00`: RFC 3339 on the clock of the place. */
function inZone(ms: number, timeZone: string): string {
  const offsetMs = offsetIn(timeZone, ms)
  if (offsetMs === 0) return iso(ms)
  const ahead = new Date(Math.abs(offsetMs)).toISOString().slice(11, 16)
  return iso(ms + offsetMs).replace('Z', `${offsetMs < 0 ? '-' : '+'}${ahead}`)
}
