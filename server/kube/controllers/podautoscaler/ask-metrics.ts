// How many there should be by all metrics of an autoscaler: the most that any asks for. One that fails keeps the target
// from becoming smaller. Upstream: kubernetes/pkg/controller/podautoscaler/horizontal.go (computeReplicasForMetrics).

import type { Scale } from 'kubernetes-types/autoscaling/v1'
import type { HPAScalingRules, MetricStatus } from 'kubernetes-types/autoscaling/v2'
import type { Pod } from 'kubernetes-types/core/v1'
import { parseSelector, type Selector } from '../../apimachinery/label-selector.ts'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { quantityOf } from '../../apimachinery/quantity.ts'
import type { ClusterView } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import { HorizontalPodAutoscaler } from '../../kinds/horizontal-pod-autoscaler.ts'
import { Pod as PodKind } from '../../kinds/pod.ts'
import { messageOf } from '../pod-control.ts'
import { MetricsClient } from './metrics-client.ts'
import { MetricFailure, type Proposed, proposeReplicas } from './propose-replicas.ts'
import type { KindOf, ScalingTurn } from './scaling-turn.ts'

const TOLERANCE = 0.1

export type Asked = { metrics: MetricStatus[] } & ({ replicas: number; name: string } | { failure: string })

export class MetricsOfAutoscalers {
  readonly #pods: Lister<Pod>
  readonly #autoscalers: Lister<object>
  readonly #kindOf: KindOf
  /** Whose pods each autoscaler selects, to notice two that pull at the same ones. */
  readonly #selectors = new Map<string, Selector>()

  constructor(view: ClusterView, kindOf: KindOf) {
    this.#pods = view.cache(PodKind)
    this.#autoscalers = view.cache(HorizontalPodAutoscaler)
    this.#kindOf = kindOf
  }

  forget(key: string): void {
    this.#selectors.delete(key)
  }

  async ask(turn: ScalingTurn, scale: Scale): Promise<Asked> {
    const { context, namespace, spec } = turn
    const text = scale.status?.selector ?? ''
    const selector = this.#selectorOf(turn, text)
    if (typeof selector === 'string') return { failure: selector, metrics: [] }
    const pods = this.#selectedBy(selector, namespace)
    context.report.sees(...pods)
    const target = {
      metrics: new MetricsClient(context.client, namespace),
      pods,
      selector,
      specReplicas: scale.spec?.replicas ?? 0,
      statusReplicas: scale.status?.replicas ?? 0,
      tolerances: { up: toleranceOf(spec.behavior?.scaleUp), down: toleranceOf(spec.behavior?.scaleDown) },
      now: turn.now,
      kindOf: this.#kindOf,
    }
    let most: Proposed | undefined
    const metrics: MetricStatus[] = []
    const failures: MetricFailure[] = []
    for (const metric of spec.metrics ?? []) {
      try {
        const proposed = await proposeReplicas(target, metric)
        metrics.push(proposed.status)
        if (!most?.replicas || proposed.replicas > most.replicas) most = proposed
      } catch (err) {
        if (!(err instanceof MetricFailure)) throw err
        turn.event('Warning', err.reason, err.message)
        failures.push(err)
        // Each stands in the place of its metric: clients put both beside each other.
        metrics.push({ type: '' })
      }
    }
    const [first] = failures
    if (first && (!most || most.replicas < target.specReplicas)) {
      const why = `the HPA was unable to compute the replica count: ${first.message}`
      turn.say('ScalingActive', false, first.reason, why)
      const counted = `${failures.length} invalid out of ${spec.metrics?.length}`
      return { failure: `invalid metrics (${counted}), first error is: ${first.inContext}`, metrics }
    }
    const { replicas = 0, name = '' } = most ?? {}
    const found = `the HPA was able to successfully calculate a replica count from ${name}`
    turn.say('ScalingActive', true, 'ValidMetricFound', found)
    return { replicas, name, metrics }
  }

  /** A sentence when there is none that can be used. */
  #selectorOf(turn: ScalingTurn, text: string): Selector | string {
    const refuse = (message: string, event: string, reason = event, condition = message) => {
      turn.event('Warning', event, message)
      turn.say('ScalingActive', false, reason, condition)
      return message
    }
    if (text === '') {
      const missing = "the HPA target's scale is missing a selector"
      return refuse('selector is required', 'SelectorRequired', 'InvalidSelector', missing)
    }
    let selector: Selector
    try {
      selector = parseSelector(text)
    } catch (err) {
      const why = messageOf(err)
      return refuse(
        `couldn't convert selector into a corresponding internal selector object: ${why}`,
        'InvalidSelector',
      )
    }
    this.#selectors.set(turn.context.key, selector)
    const pulling = this.#pullingAt(turn.namespace, selector)
    if (pulling.length <= 1) return selector
    const others = pulling.join(' ')
    return refuse(`pods by selector ${text} are controlled by multiple HPAs: [${others}]`, 'AmbiguousSelector')
  }

  #selectedBy(selector: Selector, namespace: string): Pod[] {
    return this.#pods.inNamespace(namespace).filter(({ metadata }) => selector.matches(metadata?.labels))
  }

  #pullingAt(namespace: string, selector: Selector): string[] {
    const pods = this.#selectedBy(selector, namespace)
    return this.#autoscalers
      .inNamespace(namespace)
      .map(keyOf)
      .filter((key) => pods.some(({ metadata }) => this.#selectors.get(key)?.matches(metadata?.labels)))
      .sort()
  }
}

/** How far from what is wanted is near enough. */
function toleranceOf(rules: (HPAScalingRules & { tolerance?: string }) | undefined): number {
  return rules?.tolerance === undefined ? TOLERANCE : quantityOf(rules.tolerance).number
}
