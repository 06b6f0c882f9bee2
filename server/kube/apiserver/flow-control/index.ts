// Priority and fairness over the flow schemas and levels that are stored: whoever changes them changes it at once.

import type { PriorityLevelConfiguration as WireLevel, FlowSchema as WireSchema } from 'kubernetes-types/flowcontrol/v1'
import type { Clock } from '../../../base/clock.ts'
import type { Metrics } from '../../../base/metrics.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { FlowSchema, PriorityLevelConfiguration } from '../../kinds/index.ts'
import type { StoreFeed } from '../watch-cache/store-feed.ts'
import { FlowControl } from './flow-control.ts'

/** How many requests run at once when nobody says. */
export const IN_FLIGHT = { requests: 400, mutating: 200 }

export function openFlowControl(
  feed: StoreFeed,
  {
    clock,
    metrics,
    requests = IN_FLIGHT.requests,
    mutating = IN_FLIGHT.mutating,
  }: { clock: Clock; metrics: Metrics; requests?: number; mutating?: number },
): FlowControl {
  const all = (kind: AnyKind) =>
    feed
      .cacheOf(kind)
      .all()
      .map(({ object }) => object)
  const control = new FlowControl({
    clock,
    metrics,
    seats: requests + mutating,
    schemas: () => all(FlowSchema) as WireSchema[],
    levels: () => all(PriorityLevelConfiguration) as WireLevel[],
  })
  const changed = () => control.changed()
  for (const kind of [FlowSchema, PriorityLevelConfiguration]) {
    feed.cacheOf(kind).follow({ reset: changed, put: changed, delete: changed })
  }
  return control
}
