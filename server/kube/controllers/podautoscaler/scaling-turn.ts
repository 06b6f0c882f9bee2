// What one turn says of an autoscaler: conditions, Events, and in the end its status.

import type {
  CrossVersionObjectReference,
  HorizontalPodAutoscalerCondition,
  MetricStatus,
  HorizontalPodAutoscaler as Wire,
} from 'kubernetes-types/autoscaling/v2'
import { type Clock, isoTime } from '../../../base/clock.ts'
import { deepEqual } from '../../apimachinery/deep.ts'
import type { ReconcileContext } from '../../client/reconcile-context.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { HorizontalPodAutoscaler } from '../../kinds/horizontal-pod-autoscaler.ts'
import { messageOf } from '../pod-control.ts'

export type KindOf = (reference: CrossVersionObjectReference) => AnyKind | undefined

export class ScalingTurn {
  readonly context: ReconcileContext
  readonly autoscaler: Wire
  readonly #clock: Clock
  readonly #conditions: HorizontalPodAutoscalerCondition[]

  constructor(context: ReconcileContext, autoscaler: Wire, clock: Clock) {
    this.context = context
    this.autoscaler = autoscaler
    this.#clock = clock
    this.#conditions = [...(autoscaler.status?.conditions ?? [])]
  }

  get now(): number {
    return this.#clock.now()
  }

  get namespace(): string {
    return this.autoscaler.metadata?.namespace ?? ''
  }

  get spec(): NonNullable<Wire['spec']> {
    return this.autoscaler.spec!
  }

  event(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.context.event(HorizontalPodAutoscaler, this.autoscaler, type, reason, message)
  }

  /** In its old place, and with its old time while the status stays the same. */
  say(type: string, isTrue: boolean, reason: string, message: string): void {
    const status = isTrue ? 'True' : 'False'
    const index = this.#conditions.findIndex((one) => one.type === type)
    const before = this.#conditions[index]
    const at = before?.status === status ? before.lastTransitionTime : undefined
    const next = { type, status, reason, message, lastTransitionTime: at ?? isoTime(this.#clock) }
    if (before) this.#conditions[index] = next
    else this.#conditions.push(next)
  }

  /** What is not told stays as it was. */
  async writeStatus(told: {
    current?: number
    desired?: number
    metrics?: readonly MetricStatus[]
    isRescaled?: boolean
  }): Promise<void> {
    const before = this.autoscaler.status
    const lastScaleTime = told.isRescaled ? isoTime(this.#clock) : before?.lastScaleTime
    const currentReplicas = told.current ?? before?.currentReplicas
    const currentMetrics = told.metrics ?? before?.currentMetrics ?? []
    const status = {
      desiredReplicas: told.desired ?? before?.desiredReplicas ?? 0,
      ...(currentReplicas === undefined ? {} : { currentReplicas }),
      ...(lastScaleTime ? { lastScaleTime } : {}),
      ...(currentMetrics.length > 0 ? { currentMetrics: [...currentMetrics] } : {}),
      conditions: this.#conditions,
    }
    if (deepEqual(status, before ?? {})) return
    try {
      await this.context.client.of(HorizontalPodAutoscaler).updateStatus({ ...this.autoscaler, status } as Wire)
    } catch (err) {
      this.event('Warning', 'FailedUpdateStatus', messageOf(err))
      throw err
    }
  }
}
