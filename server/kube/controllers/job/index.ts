import { selectorOfObject } from '../../apimachinery/label-selector.ts'
import { controllerOf, keyOf } from '../../apimachinery/object-meta.ts'
import { controller } from '../../client/controller-builder.ts'
import { JOB_NAME, Job } from '../../kinds/job.ts'
import { Pod } from '../../kinds/pod.ts'
import { isTracked } from './job-pods.ts'
import { JobReconciler } from './job-reconciler.ts'

export const jobController = controller('job')
  .for(Job)
  .owns(Pod)
  // An orphan: whoever selects it may adopt it, and if nobody is left, it waits to be counted no more.
  .watches(Pod, ({ object, type }, view) => {
    if (type === 'deleted' || controllerOf(object)) return []
    const { namespace = '', labels } = object.metadata ?? {}
    const adopting = view
      .cache(Job)
      .inNamespace(namespace)
      .filter(({ spec }) => selectorOfObject(spec?.selector).matches(labels))
      .map(keyOf)
    const former = labels?.[JOB_NAME]
    return isTracked(object) && former ? [...adopting, `${namespace}/${former}`] : adopting
  })
  .retriesWithin(60_000)
  .reconcileWith((view) => new JobReconciler(view))
