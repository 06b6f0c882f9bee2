import type { ScheduleTrace } from '../../../../server/base/trace.ts'
import type { ObjectRef } from '../picture/selection.ts'

export const whereTo = ({ chosen, preemption, gate }: ScheduleTrace): string =>
  chosen ?? (preemption ? 'room is made' : gate ? 'not in line yet' : 'waits')

export function podRefOf({ pod }: Pick<ScheduleTrace, 'pod'>): ObjectRef {
  const [namespace = '', name = ''] = pod.split('/')
  return { group: '', resource: 'pods', namespace, name }
}
