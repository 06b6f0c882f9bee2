import { deepEqual } from '../../apimachinery/deep.ts'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { controller } from '../../client/controller-builder.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { HorizontalPodAutoscaler } from '../../kinds/horizontal-pod-autoscaler.ts'
import { AutoscalerReconciler } from './autoscaler-reconciler.ts'

/** `kinds`: what may be scaled and measured, beside what people have brought along. */
export const podAutoscaler = (kinds: readonly AnyKind[]) =>
  controller('horizontal-pod-autoscaler')
    .queueNamed('horizontalpodautoscaler')
    .actsAs('horizontal-pod-autoscaler')
    .eventsFrom('horizontal-pod-autoscaler')
    // What it writes itself is no reason to measure again: that goes by time.
    .watches(HorizontalPodAutoscaler, (change) => {
      const isAsBefore = change.type === 'updated' && deepEqual(change.object.spec, change.previous.spec)
      return isAsBefore ? [] : [keyOf(change.object)]
    })
    .reconcileWith((view) => new AutoscalerReconciler(view, kinds))
