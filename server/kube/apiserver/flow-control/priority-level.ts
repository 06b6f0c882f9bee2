// One priority level: how many seats are its own, how many it may borrow, who waits for one.
// Upstream: apiserver/pkg/util/flowcontrol/apf_controller.go.

import type { PriorityLevelConfiguration } from 'kubernetes-types/flowcontrol/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import type { Asked, AskedAndWaiting } from './dump.ts'
import { FairQueues, type QueueOptions } from './fair-queues.ts'

const MOST_LIST_SEATS = 10

export class PriorityLevel {
  readonly name: string
  uid = ''
  /** Its requests never wait. */
  isExempt = false
  /** Its share of all seats. */
  nominal = 0
  /** Never lent to anybody. */
  min = 0
  /** With all that it may borrow. */
  max = 0
  queues: FairQueues<AskedAndWaiting> | undefined
  /** Its requests that have a seat. */
  readonly running = new Set<Asked>()
  #queueOptions: QueueOptions | undefined
  inUse = 0
  executing = 0
  dispatched = 0
  rejected = 0
  timedOut = 0
  cancelled = 0

  constructor(name: string) {
    this.name = name
  }

  /** `shares` of all levels together get `seats`. Whoever waits goes on waiting. */
  configure(
    { metadata, spec }: PriorityLevelConfiguration,
    { seats, shares }: { seats: number; shares: number },
  ): void {
    this.uid = metadata?.uid ?? ''
    this.isExempt = spec?.type === 'Exempt'
    const { lendablePercent = 0, borrowingLimitPercent } = { ...spec?.limited, ...spec?.exempt } as {
      lendablePercent?: number
      borrowingLimitPercent?: number
    }
    this.nominal = Math.ceil((seats * sharesOf({ spec })) / Math.max(shares, 1))
    this.min = this.nominal - Math.round((this.nominal * lendablePercent) / 100)
    this.max =
      borrowingLimitPercent === undefined
        ? seats
        : this.nominal + Math.round((this.nominal * borrowingLimitPercent) / 100)
    const { queuing, type } = spec?.limited?.limitResponse ?? {}
    const wanted =
      type === 'Queue' && queuing
        ? {
            queues: queuing.queues ?? 64,
            handSize: queuing.handSize ?? 8,
            queueLengthLimit: queuing.queueLengthLimit ?? 50,
          }
        : undefined
    if (deepEqual(wanted, this.#queueOptions)) return
    const waiting = this.queues?.drain() ?? []
    this.#queueOptions = wanted
    this.queues = wanted && new FairQueues(wanted)
    for (const one of waiting) if (!this.queues?.add(one)) one.start()
  }

  get listSeats(): number {
    return Math.max(1, Math.min(MOST_LIST_SEATS, Math.ceil(this.nominal * 0.15)))
  }
}

export function sharesOf({ spec }: Pick<PriorityLevelConfiguration, 'spec'>): number {
  return spec?.type === 'Exempt'
    ? (spec.exempt?.nominalConcurrencyShares ?? 0)
    : (spec?.limited?.nominalConcurrencyShares ?? 30)
}
