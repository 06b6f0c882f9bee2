// What a metrics server would tell of the pods that autoscalers watch, by a script: a load that all that run share.

import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import { type Clock, isoTime } from '../../../base/clock.ts'
import type { Dice } from '../../store/testing/seeded-random.ts'

export const ELASTIC = 'elastic'
/** Of each pod's 100m. */
export const TARGET_PERCENT = 50
const TARGET_MILLI = 50
export const ELASTIC_MAX = 4
/** None lies where the tolerance of a tenth would leave more than one answer. */
const LOADS = [20, 80, 130, 180, 300]

export class Load {
  readonly #clock: Clock
  readonly #pods: () => readonly CorePod[]
  #milli = 20

  constructor(clock: Clock, pods: () => readonly CorePod[]) {
    this.#clock = clock
    this.#pods = pods
  }

  change(dice: Dice): void {
    this.#milli = dice.pick(LOADS)
  }

  /** So many pods are right for it. */
  get replicas(): number {
    return Math.min(ELASTIC_MAX, Math.ceil(this.#milli / TARGET_MILLI))
  }

  /** A PodMetricsList. */
  measure(): object {
    const running = this.#pods().filter(
      ({ metadata, status }) => metadata?.labels?.app === ELASTIC && status?.phase === 'Running',
    )
    const cpu = `${Math.ceil(this.#milli / Math.max(1, running.length))}m`
    const items = running.map(({ metadata }) => ({
      metadata: { name: metadata?.name },
      timestamp: isoTime(this.#clock),
      window: '1s',
      containers: [{ name: 'main', usage: { cpu } }],
    }))
    return { items }
  }
}
