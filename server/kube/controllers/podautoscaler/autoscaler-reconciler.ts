// Makes a target larger or smaller, by what is measured. Upstream: kubernetes/pkg/controller/podautoscaler/horizontal.go.

import type { Scale } from 'kubernetes-types/autoscaling/v1'
import type { MetricStatus, HorizontalPodAutoscaler as Wire } from 'kubernetes-types/autoscaling/v2'
import { isConflict } from '../../apimachinery/status-error.ts'
import { type Client, objectPath } from '../../client/client.ts'
import type { ClusterView } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import { CustomResourceDefinition } from '../../kinds/custom-resource-definition.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { HorizontalPodAutoscaler } from '../../kinds/horizontal-pod-autoscaler.ts'
import { customKinds } from '../custom-kinds.ts'
import { messageOf } from '../pod-control.ts'
import { MetricsOfAutoscalers } from './ask-metrics.ts'
import { decide, longestPeriod, ScalingMemory } from './behavior.ts'
import { groupOf } from './group-of.ts'
import { type KindOf, ScalingTurn } from './scaling-turn.ts'

/** Nothing is measured more often. What fails is tried again no sooner, either. */
const EVERY_MS = 15_000

export class AutoscalerReconciler implements Reconciler {
  readonly #view: ClusterView
  readonly #kindOf: KindOf
  readonly #autoscalers: Lister<Wire>
  readonly #metrics: MetricsOfAutoscalers
  readonly #memories = new Map<string, ScalingMemory>()

  constructor(view: ClusterView, kinds: readonly AnyKind[]) {
    this.#view = view
    this.#kindOf = ({ apiVersion, kind }) => {
      const group = groupOf(apiVersion)
      return [...kinds, ...customKinds(view)].find((one) => one.kind === kind && one.group === group)
    }
    // Full before the first turn.
    view.cache(CustomResourceDefinition)
    this.#autoscalers = view.cache(HorizontalPodAutoscaler)
    this.#metrics = new MetricsOfAutoscalers(view, this.#kindOf)
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const { key } = context
    const autoscaler = this.#autoscalers.get(key)
    if (!autoscaler) {
      this.#memories.delete(key)
      return this.#metrics.forget(key)
    }
    context.report.sees(autoscaler)
    const turn = new ScalingTurn(context, autoscaler, this.#view.clock)
    const target = await this.#target(turn)
    if (target) await this.#autoscale(turn, target)
    return { requeueAfterMs: EVERY_MS }
  }

  async #target(turn: ScalingTurn): Promise<Target | undefined> {
    const { scaleTargetRef: reference } = turn.spec
    try {
      const kind = this.#kindOf(reference)
      if (!kind) throw new Error(`no matches for kind "${reference.kind}" in group "${groupOf(reference.apiVersion)}"`)
      const path = objectPath(kind, { name: reference.name, namespace: turn.namespace }, 'scale')
      return await Target.find(turn.context.client, path)
    } catch (err) {
      const why = messageOf(err)
      turn.event('Warning', 'FailedGetScale', why)
      const unable = `the HPA controller was unable to get the target's current scale: ${why}`
      turn.say('AbleToScale', false, 'FailedGetScale', unable)
      await turn.writeStatus({})
      return undefined
    }
  }

  async #autoscale(turn: ScalingTurn, target: Target): Promise<void> {
    const { now, context } = turn
    const { minReplicas: min = 1, maxReplicas: max, behavior } = turn.spec
    const { replicas: current } = target
    const memory = this.#memories.get(context.key) ?? new ScalingMemory()
    this.#memories.set(context.key, memory)
    memory.begin(current, now)
    context.report.seen = `${current} replicas`
    turn.say('AbleToScale', true, 'SucceededGetScale', "the HPA controller was able to get the target's current scale")
    if (current === 0 && min !== 0) {
      const why = 'scaling is disabled since the replica count of the target is zero'
      turn.say('ScalingActive', false, 'ScalingDisabled', why)
      return turn.writeStatus({ current, desired: current, metrics: [] })
    }
    if (current > max) return this.#rescale(turn, target, max, 'Current number of replicas above Spec.MaxReplicas', [])
    if (current < min) return this.#rescale(turn, target, min, 'Current number of replicas below Spec.MinReplicas', [])
    const asked = await this.#metrics.ask(turn, target.scale)
    if ('failure' in asked) {
      await turn.writeStatus({ current, metrics: asked.metrics })
      return turn.event('Warning', 'FailedComputeMetricsReplicas', asked.failure)
    }
    const decision = decide({ current, wanted: asked.replicas, bounds: { min, max }, behavior, memory, now })
    const { replicas, able, limited } = decision
    turn.say('AbleToScale', true, able.reason, able.message)
    turn.say('ScalingLimited', limited.is, limited.reason, limited.message)
    context.report.wanted = `${replicas} replicas`
    if (replicas === current) return turn.writeStatus({ current, desired: current, metrics: asked.metrics })
    const below = asked.replicas < current ? 'All metrics below target' : ''
    const reason = asked.replicas > current ? `${asked.name} above target` : below
    await this.#rescale(turn, target, replicas, reason, asked.metrics)
  }

  async #rescale(
    turn: ScalingTurn,
    target: Target,
    desired: number,
    reason: string,
    metrics: readonly MetricStatus[],
  ): Promise<void> {
    const { context, now } = turn
    const { replicas: current } = target
    try {
      await target.setReplicas(context.client, desired)
    } catch (err) {
      const why = messageOf(err)
      turn.event('Warning', 'FailedRescale', `New size: ${desired}; reason: ${reason}; error: ${why}`)
      const unable = `the HPA controller was unable to update the target scale: ${why}`
      turn.say('AbleToScale', false, 'FailedUpdateScale', unable)
      return turn.writeStatus({ current, metrics })
    }
    this.#memories.get(context.key)?.rescaled(desired - current, now, longestPeriod(turn.spec.behavior))
    const done = `the HPA controller was able to update the target scale to ${desired}`
    turn.say('AbleToScale', true, 'SucceededRescale', done)
    turn.event('Normal', 'SuccessfulRescale', `New size: ${desired}; reason: ${reason}`)
    context.report.did.push(`scaled from ${current} to ${desired}`)
    await turn.writeStatus({ current, desired, metrics, isRescaled: true })
  }
}

/** Somebody else writes the target as well. */
const ATTEMPTS = 5

/** What is scaled, through its subresource: its kind may be anybody's. */
class Target {
  readonly scale: Scale
  readonly #path: string

  private constructor(scale: Scale, path: string) {
    this.scale = scale
    this.#path = path
  }

  static async find({ transport }: Client, path: string): Promise<Target> {
    return new Target((await transport.request({ method: 'GET', path })) as Scale, path)
  }

  get replicas(): number {
    return this.scale.spec?.replicas ?? 0
  }

  async setReplicas({ transport }: Client, replicas: number): Promise<void> {
    const path = this.#path
    for (let attempt = 1, scale = this.scale; ; attempt++) {
      try {
        await transport.request({ method: 'PUT', path, body: { ...scale, spec: { ...scale.spec, replicas } } })
        return
      } catch (err) {
        if (!isConflict(err) || attempt === ATTEMPTS) throw err
        scale = (await transport.request({ method: 'GET', path })) as Scale
      }
    }
  }
}
