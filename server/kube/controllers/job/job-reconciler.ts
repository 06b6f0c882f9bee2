// Runs pods until enough of them have ended well. Upstream: kubernetes/pkg/controller/job/job_controller.go.

import type { Job as BatchJob } from 'kubernetes-types/batch/v1'
import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import { isoTime } from '../../../base/clock.ts'
import { deepEqual } from '../../apimachinery/deep.ts'
import { selectorOfObject } from '../../apimachinery/label-selector.ts'
import { controllerOf, keyOf, revisionOf } from '../../apimachinery/object-meta.ts'
import { isNotFound } from '../../apimachinery/status-error.ts'
import type { ClusterView } from '../../client/controller-builder.ts'
import { Expectations } from '../../client/expectations.ts'
import type { IndexedCache } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import type { FullJobSpec } from '../../kinds/batch/full-job-spec.ts'
import { hasCondition, JOB_NAME, Job } from '../../kinds/job.ts'
import { Pod } from '../../kinds/pod.ts'
import { claim } from '../claim.ts'
import { createPod, deletePod } from '../pod-control.ts'
import { slowStart } from '../slow-start.ts'
import { delayLeftMs, type Failures, finishedAt, RememberedFailures } from './back-off.ts'
import { type Counts, countPods, countTheRest, replacesOnlyFailed } from './count-pods.ts'
import { ruleOn } from './failure-policy.ts'
import { type End, endOf } from './job-end.ts'
import {
  indexFailures,
  indexOf,
  isIndexed,
  isTracked,
  namePrefix,
  superfluous,
  TRACKING,
  templateFor,
  triesBefore,
} from './job-pods.ts'
import { nextStatus, tellChanges } from './job-status.ts'
import { tellOfSome } from './told-at-once.ts'

const OURS = 'kubernetes.io/job-controller'
const BURST = 500

/** How many there are after what has been done. */
interface Outcome {
  active?: number
  terminating?: number
}

export class JobReconciler implements Reconciler {
  readonly #view: ClusterView
  readonly #jobs: IndexedCache<BatchJob>
  readonly #pods: IndexedCache<CorePod>
  readonly #expectations: Expectations
  /** The revision of the last status written: an older one in the cache would have pods counted twice or not at all. */
  readonly #written = new Map<string, number>()
  readonly #failures = new RememberedFailures()

  constructor(view: ClusterView) {
    this.#view = view
    this.#jobs = view.cache(Job)
    this.#pods = view.cache(Pod)
    this.#expectations = new Expectations(view.clock)
    view.onChange(Pod, (change) => this.#expectations.heard(change, 'Job'))
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const { key, report } = context
    const job = this.#jobs.get(key)
    if (!job) {
      this.#expectations.forget(key)
      this.#written.delete(key)
      this.#failures.forget(key)
      return this.#letGo(context)
    }
    const { managedBy = OURS } = job.spec as FullJobSpec
    if (managedBy !== OURS || revisionOf(job) < (this.#written.get(key) ?? 0)) return
    const unheardMs = this.#expectations.waitMs(key)
    const mayAct = unheardMs === 0 && !job.metadata?.deletionTimestamp
    const pods = await this.#claimPods(context, job)
    if (hasCondition(job, 'Complete') || hasCondition(job, 'Failed')) {
      return this.#removeFinalizers(context, pods.filter(isTracked))
    }
    const now = this.#view.clock.now()
    const counts = countPods(job, pods, now)
    const failures = this.#failures.inARow(job, pods, counts.ended, now)
    const end = endOf(job, counts, now)
    report.sees(job, ...pods)
    report.wanted = `${job.spec?.completions ?? 'some'} to succeed, ${job.spec?.parallelism} at once`
    report.seen = `${counts.active.length} active, ${counts.succeeded} succeeded, ${counts.failed} failed`
    const outcome = mayAct ? await this.#manage(context, { job, counts, failures, end, now }) : {}
    const areGone = end !== undefined && mayAct && !outcome.error
    if (areGone || job.metadata?.deletionTimestamp) countTheRest(job, pods, counts, end?.type === 'FailureTarget')
    tellOfSome(job, counts)
    const next = await this.#writeStatus(context, { job, counts, end, mayAct, ...outcome })
    this.#failures.keep(job, counts.ended, failures)
    await this.#removeFinalizers(context, counts.done)
    if (outcome.error) throw outcome.error
    return soonest(outcome.waitMs, deadlineMs(next, now), unheardMs || undefined)
  }

  #claimPods(context: ReconcileContext, job: BatchJob): Promise<CorePod[]> {
    const { uid, namespace = '' } = job.metadata ?? {}
    const orphans = this.#pods.inNamespace(namespace).filter((pod) => !controllerOf(pod))
    return claim({
      context,
      ownerKind: Job,
      owner: job,
      selector: selectorOfObject(job.spec?.selector),
      kind: Pod,
      candidates: [...this.#pods.controlledBy(uid), ...orphans],
      finalizers: [TRACKING],
    })
  }

  async #manage(
    context: ReconcileContext,
    {
      job,
      counts,
      failures,
      end,
      now,
    }: { job: BatchJob; counts: Counts; failures: Failures; end: End | undefined; now: number },
  ): Promise<Outcome & { waitMs?: number; error?: unknown }> {
    const { active, terminating } = counts
    const wanted = end || job.spec?.suspend ? 0 : wantedActive(job, counts)
    const victims = superfluous(job, active, active.length - wanted)
    if (victims.length > 0) return this.#deletePods(context, { job, counts, victims, end })
    const inTheWay = replacesOnlyFailed(job) ? terminating.length : 0
    const missing = Math.min(wanted - active.length - inTheWay, BURST)
    if (missing <= 0) return {}
    const free = isIndexed(job) ? freeIndexes(job, counts, missing) : Array<undefined>(missing).fill(undefined)
    const waitOf = waiting(job, counts, failures, now)
    const ripe = free.filter((index) => waitOf(index) === 0)
    if (ripe.length === 0) return free.length > 0 ? { waitMs: Math.min(...free.map(waitOf)) } : {}
    return this.#createPods(context, job, counts, ripe)
  }

  /** One for each index; of a Job without indexes, undefined ones. */
  async #createPods(context: ReconcileContext, job: BatchJob, counts: Counts, indexes: (number | undefined)[]) {
    const { key, report } = context
    const total = indexes.length
    this.#expectations.expectCreations(key, total)
    const { succeeded, failed, skipped, error } = await slowStart(total, async () => {
      const index = indexes.shift()
      const generateName = index === undefined ? undefined : namePrefix(job, index)
      await createPod(context, Job, job, templateFor(job, index, toldOf(job, counts, index)), generateName)
    })
    this.#expectations.creationObserved(key, failed + skipped)
    if (succeeded > 0) report.did.push(`created ${succeeded} ${succeeded === 1 ? 'Pod' : 'Pods'}`)
    return { active: counts.active.length + succeeded, error }
  }

  async #deletePods(
    context: ReconcileContext,
    { job, counts, victims, end }: { job: BatchJob; counts: Counts; victims: readonly CorePod[]; end: End | undefined },
  ) {
    const { key, report } = context
    // Only where the Job fails do they fail with it; nobody is told that one failed which was not wanted any more.
    const areCounted = end?.type === 'FailureTarget'
    this.#expectations.expectDeletions(
      key,
      victims.map(({ metadata }) => metadata?.uid ?? ''),
    )
    const results = await Promise.allSettled(
      victims.map(async (pod) => {
        try {
          if (!areCounted && isTracked(pod)) await this.#removeFinalizers(context, [pod])
          await deletePod(context, Job, job, pod)
        } catch (err) {
          this.#expectations.deletionObserved(key, pod.metadata?.uid ?? '')
          if (!isNotFound(err)) throw err
        }
      }),
    )
    const failures = results.filter((result) => result.status === 'rejected')
    const deleted = victims.length - failures.length
    report.did.push(`deleted ${deleted} Pods`)
    return {
      active: counts.active.length - deleted,
      terminating: counts.terminating.length + deleted,
      error: failures[0]?.reason,
    }
  }

  /** Returns the Job as it is written now. */
  async #writeStatus(
    context: ReconcileContext,
    {
      job,
      counts,
      end,
      mayAct,
      active = counts.active.length,
      terminating = counts.terminating.length,
    }: { job: BatchJob; counts: Counts; end: End | undefined; mayAct: boolean } & Outcome,
  ): Promise<BatchJob> {
    const at = isoTime(this.#view.clock)
    const isOver =
      end !== undefined && counts.active.length === 0 && counts.terminating.length === 0 && counts.done.length === 0
    const status = nextStatus(job, { counts, end, active, terminating, at, isOver, mayAct })
    if (deepEqual(status, job.status ?? {})) return job
    const written = await context.client.of(Job).updateStatus({ ...job, status })
    this.#written.set(keyOf(job), revisionOf(written))
    context.report.did.push(`status: active ${status.active ?? 0}, succeeded ${status.succeeded ?? 0}`)
    tellChanges(context, job, status)
    return written
  }

  async #removeFinalizers({ client }: ReconcileContext, pods: readonly CorePod[]): Promise<void> {
    await Promise.all(
      pods.map(async ({ metadata }) => {
        const { namespace = '', name = '', uid } = metadata ?? {}
        // Of no revision: who was deleted in this very turn has another one by now.
        const told = { metadata: { uid, '$deleteFromPrimitiveList/finalizers': [TRACKING] } }
        try {
          await client.of(Pod).patch({ namespace, name }, 'application/strategic-merge-patch+json', told)
        } catch (err) {
          if (!isNotFound(err)) throw err
        }
      }),
    )
  }

  /** The Job is gone; its pods must not wait to be counted. */
  async #letGo(context: ReconcileContext): Promise<void> {
    const [namespace = '', name = ''] = context.key.split('/')
    const left = this.#pods
      .inNamespace(namespace)
      .filter((pod) => isTracked(pod) && (controllerOf(pod)?.name ?? pod.metadata?.labels?.[JOB_NAME]) === name)
    await this.#removeFinalizers(context, left)
  }
}

function wantedActive(job: BatchJob, counts: Counts): number {
  const { completions, parallelism = 1 } = job.spec ?? {}
  const succeeded = counts.succeeded + counts.uncounted.succeeded.length
  if (completions === undefined) return succeeded > 0 ? counts.active.length : parallelism
  return Math.max(0, Math.min(parallelism, completions - succeeded - counts.failedIndexes.size))
}

/** How long to wait before the next pod: after any failure, or after failures of its own index where these count alone. */
function waiting(job: BatchJob, counts: Counts, failures: Failures, now: number) {
  return (index: number | undefined): number => {
    if (index === undefined || job.spec?.backoffLimitPerIndex === undefined) return delayLeftMs(failures, now)
    const last = counts.replaced.get(index)
    return last ? delayLeftMs({ count: triesBefore(last) + 1, lastAt: finishedAt(last, now) }, now) : 0
  }
}

function toldOf(job: BatchJob, { replaced }: Counts, index: number | undefined): Record<string, string> {
  if (index === undefined || job.spec?.backoffLimitPerIndex === undefined) return {}
  const last = replaced.get(index)
  return indexFailures(last, last !== undefined && ruleOn(job.spec, last).action === 'Ignore')
}

function freeIndexes(
  job: BatchJob,
  { completed, failedIndexes, active, terminating }: Counts,
  count: number,
): number[] {
  const busy = replacesOnlyFailed(job) ? [...active, ...terminating] : active
  const taken = new Set([...completed, ...failedIndexes, ...busy.map(indexOf)])
  const free: number[] = []
  for (let index = 0; index < (job.spec?.completions ?? 0) && free.length < count; index++) {
    if (!taken.has(index)) free.push(index)
  }
  return free
}

/** Until it will have been active for too long: time wakes nobody. */
function deadlineMs(job: BatchJob, now: number): number | undefined {
  const { activeDeadlineSeconds: deadline, suspend } = job.spec ?? {}
  const startedAt = Date.parse(job.status?.startTime ?? '')
  if (deadline === undefined || suspend || Number.isNaN(startedAt)) return undefined
  return Math.max(0, startedAt + Number(deadline) * 1000 - now)
}

function soonest(...waits: (number | undefined)[]): Result {
  const known = waits.filter((wait): wait is number => wait !== undefined)
  return known.length > 0 ? { requeueAfterMs: Math.max(1, Math.min(...known)) } : undefined
}
