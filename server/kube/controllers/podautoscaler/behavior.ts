// From what the metrics ask for to what is done: not sooner than the windows allow, not faster than the policies, and
// within the bounds. Upstream: kubernetes/pkg/controller/podautoscaler/horizontal.go (normalizeDesiredReplicas).

import type {
  HorizontalPodAutoscalerBehavior,
  HPAScalingPolicy,
  HPAScalingRules,
} from 'kubernetes-types/autoscaling/v2'

const DOWN_WINDOW_S = 300
/** Without policies: twice as many, or so many, at once. */
const UP_FACTOR = 2
const UP_MINIMUM = 4

export interface Bounds {
  min: number
  max: number
}

export interface Decision {
  replicas: number
  able: { reason: string; message: string }
  limited: { is: boolean; reason: string; message: string }
}

interface Stamped {
  at: number
  replicas: number
}

/** What one autoscaler remembers; lost with the loop, as upstream's. */
export class ScalingMemory {
  #recommendations: Stamped[] = []
  #changes: Stamped[] = []

  /** The first look at the target: until the windows have passed, it is not made smaller than it was found. */
  begin(replicas: number, now: number): void {
    if (this.#recommendations.length === 0) this.#recommendations.push({ at: now, replicas })
  }

  recommend(replicas: number, now: number, keepSeconds: number): void {
    this.#recommendations = this.#recommendations.filter(({ at }) => at >= now - keepSeconds * 1000)
    this.#recommendations.push({ at: now, replicas })
  }

  recommendedWithin(seconds: number, now: number): number[] {
    return this.#recommendations.filter(({ at }) => at > now - seconds * 1000).map(({ replicas }) => replicas)
  }

  /** `by` may be negative. */
  rescaled(by: number, now: number, keepSeconds: number): void {
    this.#changes = this.#changes.filter(({ at }) => at >= now - keepSeconds * 1000)
    this.#changes.push({ at: now, replicas: by })
  }

  changeWithin(seconds: number, now: number): number {
    return this.#changes.filter(({ at }) => at > now - seconds * 1000).reduce((sum, { replicas }) => sum + replicas, 0)
  }
}

export interface Question {
  current: number
  wanted: number
  bounds: Bounds
  behavior: HorizontalPodAutoscalerBehavior | undefined
  memory: ScalingMemory
  now: number
}

export function decide(question: Question): Decision {
  const { wanted } = question
  const { replicas: stable, reason, message } = stabilize(question)
  const able =
    stable === wanted
      ? { reason: 'ReadyForNewScale', message: 'recommended size matches current size' }
      : { reason, message }
  const limit = limitOf({ ...question, wanted: stable })
  const isLimited = limit !== undefined && limit.replicas !== stable
  return {
    replicas: isLimited ? limit.replicas : stable,
    able,
    limited: isLimited
      ? { is: true, reason: limit.reason, message: limit.message }
      : { is: false, reason: 'DesiredWithinRange', message: 'the desired count is within the acceptable range' },
  }
}

/** So long must what was done and what was asked for be remembered. */
export function longestPeriod(behavior: HorizontalPodAutoscalerBehavior | undefined): number {
  const rules = [behavior?.scaleUp, behavior?.scaleDown]
  return Math.max(0, ...rules.flatMap((one) => (one?.policies ?? []).map(({ periodSeconds }) => periodSeconds)))
}

const upWindow = (behavior: Question['behavior']) => behavior?.scaleUp?.stabilizationWindowSeconds ?? 0
const downWindow = (behavior: Question['behavior']) => behavior?.scaleDown?.stabilizationWindowSeconds ?? DOWN_WINDOW_S

function stabilize({ current, wanted, behavior, memory, now }: Question) {
  const lowest = Math.min(wanted, ...memory.recommendedWithin(upWindow(behavior), now))
  const highest = Math.max(wanted, ...memory.recommendedWithin(downWindow(behavior), now))
  memory.recommend(wanted, now, Math.max(upWindow(behavior), downWindow(behavior)))
  // Who says nothing of it has the older rule, which does not ask how many there are: what was scaled down by hand comes back.
  const isUp = behavior !== undefined && wanted >= current
  const [which, other] = isUp ? ['lower', 'lowest'] : ['higher', 'highest']
  return {
    replicas: behavior ? Math.min(Math.max(current, lowest), highest) : highest,
    reason: isUp ? 'ScaleUpStabilized' : 'ScaleDownStabilized',
    message: `recent recommendations were ${which} than current one, applying the ${other} recent recommendation`,
  }
}

const TOO_MANY = {
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum replica count',
}
const TOO_FEW = {
  reason: 'TooFewReplicas',
  message: 'the desired replica count is less than the minimum replica count',
}

/** The nearest that may be had, where what is wanted may not. */
function limitOf(question: Question): { replicas: number; reason: string; message: string } | undefined {
  const { current, wanted, bounds } = question
  if (wanted > current) {
    const most = Math.max(current, upLimit(question))
    const rate = { reason: 'ScaleUpLimit', message: tooFast('increasing') }
    const limit = bounds.max > most ? { replicas: most, ...rate } : { replicas: bounds.max, ...TOO_MANY }
    return wanted > limit.replicas ? limit : undefined
  }
  if (wanted < current) {
    const least = Math.min(current, downLimit(question))
    const rate = { reason: 'ScaleDownLimit', message: tooFast('decreasing') }
    const limit = bounds.min < least ? { replicas: least, ...rate } : { replicas: bounds.min, ...TOO_FEW }
    return wanted < limit.replicas ? limit : undefined
  }
  return undefined
}

const tooFast = (how: string) => `the desired replica count is ${how} faster than the maximum scale rate`

function upLimit(question: Question): number {
  const { current, behavior } = question
  if (!behavior?.scaleUp) return Math.max(UP_FACTOR * current, UP_MINIMUM)
  return policyLimit(question, behavior.scaleUp, Math.max, Math.min, (before, { type, value }) =>
    type === 'Pods' ? before + value : Math.ceil(before * (1 + value / 100)),
  )
}

function downLimit(question: Question): number {
  const { behavior } = question
  if (!behavior?.scaleDown) return 0
  return policyLimit(question, behavior.scaleDown, Math.min, Math.max, (before, { type, value }) =>
    type === 'Pods' ? before - value : Math.trunc(before * (1 - value / 100)),
  )
}

type Pick = (...values: number[]) => number

/** Each policy counts from how many there were when its period began; `most` picks the greatest change. */
function policyLimit(
  { current, memory, now }: Question,
  { selectPolicy, policies = [] }: HPAScalingRules,
  most: Pick,
  least: Pick,
  allowed: (before: number, policy: HPAScalingPolicy) => number,
): number {
  if (selectPolicy === 'Disabled') return current
  const limits = policies.map((policy) => allowed(current - memory.changeWithin(policy.periodSeconds, now), policy))
  return selectPolicy === 'Min' ? least(...limits) : most(...limits)
}
