import type { Job as BatchJob } from 'kubernetes-types/batch/v1'
import { isNotFound } from '../../apimachinery/status-error.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import { Job } from '../../kinds/job.ts'

/** Deletes Jobs that have ended, as long after as they say. Upstream: kubernetes/pkg/controller/ttlafterfinished. */
class TtlAfterFinishedReconciler implements Reconciler {
  readonly #view: ClusterView
  readonly #jobs: Lister<BatchJob>

  constructor(view: ClusterView) {
    this.#view = view
    this.#jobs = view.cache(Job)
  }

  async reconcile({ key, client, report }: ReconcileContext): Promise<Result> {
    const job = this.#jobs.get(key)
    const seconds = job?.spec?.ttlSecondsAfterFinished
    const ended = job?.status?.conditions?.find(
      ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
    )
    if (!job || seconds === undefined || !ended?.lastTransitionTime || job.metadata?.deletionTimestamp) return
    report.sees(job)
    const leftMs = Date.parse(ended.lastTransitionTime) + seconds * 1000 - this.#view.clock.now()
    report.wanted = `gone ${seconds} s after its end`
    report.seen = leftMs > 0 ? `${Math.ceil(leftMs / 1000)} s left` : 'its time is over'
    if (leftMs > 0) return { requeueAfterMs: leftMs }
    const { namespace = '', name = '', uid, resourceVersion } = job.metadata ?? {}
    // Somebody may just have given it more time: only this very state is deleted.
    const options = {
      propagationPolicy: 'Foreground' as const,
      ...(uid ? { uid } : {}),
      ...(resourceVersion ? { resourceVersion } : {}),
    }
    await client
      .of(Job)
      .delete({ namespace, name }, options)
      .catch((err) => {
        if (!isNotFound(err)) throw err
      })
    report.did.push(`deleted ${key}`)
  }
}

export const ttlAfterFinishedController = controller('ttl-after-finished')
  .queueNamed('ttl_jobs_to_delete')
  .for(Job)
  .reconcileWith((view) => new TtlAfterFinishedReconciler(view))
