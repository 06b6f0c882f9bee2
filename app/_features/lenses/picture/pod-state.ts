import type { PicturePod } from '../../../../server/observe/index.ts'
import type { State } from '../../../_ui/shape.tsx'
import type { ObjectRef } from './selection.ts'

const failed = /Error|BackOff|Failed|Invalid|Evicted|OOMKilled|Unknown/

export function podShape(pod: PicturePod): State {
  if (failed.test(pod.status)) return 'fail'
  return pod.ready || pod.status === 'Completed' ? 'ok' : 'wait'
}

/** kubectl's word, without the part that says nothing on a card. Reasons of failures are never cut. */
export function podWord(pod: PicturePod): string {
  return pod.status === 'ContainerCreating' ? 'Creating' : pod.status
}

export const podRef = ({ namespace, name }: PicturePod): ObjectRef => ({ group: '', resource: 'pods', namespace, name })
