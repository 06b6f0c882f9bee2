// How many pods a measured use asks for. Pods that are young, or were not measured, must not mislead: they are counted as
// using nothing when there is too much to do, and as using all they ask for when there is too little.
// Upstream: kubernetes/pkg/controller/podautoscaler/replica_calculator.go, metrics/utilization.go.

import type { Pod, PodSpec } from 'kubernetes-types/core/v1'
import { quantityOf } from '../../apimachinery/quantity.ts'
import { podAmounts } from '../../kinds/quota/pod-amounts.ts'
import { isReady, podCondition } from '../pod-state.ts'
import type { PodMeasures } from './metrics-client.ts'

/** What a new pod uses of the processor says little. */
const CPU_INITIALIZATION_MS = 5 * 60_000
/** A pod that has not been ready by then has never been. */
const INITIAL_READINESS_MS = 30_000

const MOST_REPLICAS = 2 ** 31 - 1

export interface Tolerances {
  up: number
  down: number
}

export interface Proposal {
  replicas: number
  /** In thousandths, of an average pod. */
  average: number
  /** Of what was asked for. */
  percent?: number
}

export const isWithin = ({ up, down }: Tolerances, ratio: number) => ratio >= 1 - down && ratio <= 1 + up

interface Groups {
  ready: number
  unready: string[]
  missing: string[]
  ignored: string[]
}

export function groupPods(pods: readonly Pod[], measures: PodMeasures, resource: string, now: number): Groups {
  const groups: Groups = { ready: 0, unready: [], missing: [], ignored: [] }
  for (const pod of pods) {
    const { name = '', deletionTimestamp } = pod.metadata ?? {}
    const measured = measures.get(name)
    if (deletionTimestamp || pod.status?.phase === 'Failed') groups.ignored.push(name)
    else if (pod.status?.phase === 'Pending') groups.unready.push(name)
    else if (!measured) groups.missing.push(name)
    else if (resource === 'cpu' && isMisleading(pod, measured, now)) groups.unready.push(name)
    else groups.ready++
  }
  return groups
}

function isMisleading(pod: Pod, { at, windowMs }: { at: number; windowMs: number }, now: number): boolean {
  const ready = podCondition(pod, 'Ready')
  const startedAt = Date.parse(pod.status?.startTime ?? '')
  if (!ready || Number.isNaN(startedAt)) return true
  const changedAt = Date.parse(ready.lastTransitionTime ?? '')
  if (startedAt + CPU_INITIALIZATION_MS > now) return ready.status === 'False' || at < changedAt + windowMs
  return ready.status === 'False' && startedAt + INITIAL_READINESS_MS > changedAt
}

interface Asked {
  pods: readonly Pod[]
  /** Are changed. */
  measures: PodMeasures
  resource: string
  current: number
  tolerances: Tolerances
  now: number
}

/** By a percentage of what the pods request. */
export function proposeByUtilization(asked: Asked & { container?: string; percent: number }): Proposal {
  const { percent, pods, resource, container } = asked
  let requests: Map<string, number> | undefined
  const use = (measures: PodMeasures) => {
    // Asked only of pods that there is something to say of.
    requests ??= requestsOf(pods, resource, container)
    let [used, requested, count] = [0, 0, 0]
    for (const [name, { milli }] of measures) {
      const request = requests.get(name)
      if (request === undefined) continue
      used += milli
      requested += request
      count++
    }
    if (requested === 0) throw new Error('no metrics returned matched known pods')
    const utilization = Math.trunc((used * 100) / requested)
    return { ratio: utilization / percent, percent: utilization, average: Math.trunc(used / count) }
  }
  const full = Math.max(100, percent)
  return propose(asked, use, (name) => Math.trunc(((requests?.get(name) ?? 0) * full) / 100))
}

/** By an amount for each pod. */
export function proposeByAverage(asked: Asked & { target: number }): Proposal {
  const { target } = asked
  const use = (measures: PodMeasures) => {
    const total = [...measures.values()].reduce((sum, { milli }) => sum + milli, 0)
    const average = Math.trunc(total / measures.size)
    return { ratio: average / target, average }
  }
  return propose(asked, use, () => target)
}

function propose(
  { pods, measures, resource, current, tolerances, now }: Asked,
  use: (measures: PodMeasures) => { ratio: number; average: number; percent?: number },
  fullUse: (name: string) => number,
): Proposal {
  if (pods.length === 0) throw new Error('no pods returned by selector while calculating replica count')
  const { ready, unready, missing, ignored } = groupPods(pods, measures, resource, now)
  for (const name of [...ignored, ...unready]) measures.delete(name)
  if (measures.size === 0) throw new Error('did not receive metrics for targeted pods (pods might be unready)')
  const { ratio, ...told } = use(measures)
  const scalesUpWithUnready = unready.length > 0 && ratio > 1
  if (!scalesUpWithUnready && missing.length === 0) {
    return { ...told, replicas: isWithin(tolerances, ratio) ? current : Math.ceil(ratio * ready) }
  }
  const count = (name: string, milli: number) => measures.set(name, { milli, at: now, windowMs: 0 })
  if (ratio < 1) for (const name of missing) count(name, fullUse(name))
  if (ratio > 1) for (const name of missing) count(name, 0)
  if (scalesUpWithUnready) for (const name of unready) count(name, 0)
  const { ratio: careful } = use(measures)
  const turnsBack = (ratio < 1 && careful > 1) || (ratio > 1 && careful < 1)
  if (isWithin(tolerances, careful) || turnsBack) return { ...told, replicas: current }
  const replicas = Math.ceil(careful * measures.size)
  const contradicts = (careful < 1 && replicas > current) || (careful > 1 && replicas < current)
  return { ...told, replicas: contradicts ? current : replicas }
}

interface OfPod {
  resources?: { requests?: Record<string, string> }
}

/** What may be said of a pod as a whole. */
const isOfPods = (name: string) => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-')

function requestsOf(pods: readonly Pod[], resource: string, container?: string): Map<string, number> {
  return new Map(pods.map((pod) => [pod.metadata?.name ?? '', requestOf(pod, resource, container)]))
}

function requestOf({ metadata, spec }: Pod, resource: string, container?: string): number {
  const { resources, containers = [], initContainers = [] } = (spec ?? {}) as PodSpec & OfPod
  const { name: pod } = metadata ?? {}
  if (!container && Object.keys(resources?.requests ?? {}).some(isOfPods)) {
    const ofPod = podAmounts(spec as PodSpec, 'requests')[resource]
    if (!ofPod) throw new Error(`missing pod-level request for ${resource} in Pod ${pod}`)
    return ofPod.milliValue
  }
  const running = [...containers, ...initContainers.filter((one) => one.restartPolicy === 'Always')]
  const counted = container ? running.filter(({ name }) => name === container) : running
  if (container && counted.length === 0) throw new Error(`container ${container} not found in Pod ${pod}`)
  return counted.reduce((sum, { name, resources: own }) => {
    const request = own?.requests?.[resource]
    if (request === undefined) throw new Error(`missing request for ${resource} in container ${name} of Pod ${pod}`)
    return sum + quantityOf(request).milliValue
  }, 0)
}

/** By an amount for all: what one object, or something outside, is measured at. */
export function proposeByTotal(asked: {
  pods: readonly Pod[]
  total: number
  target: number
  current: number
  tolerances: Tolerances
}): number {
  const { pods, total, target, current, tolerances } = asked
  const ratio = total / target
  if (current === 0) return Math.ceil(ratio)
  if (isWithin(tolerances, ratio)) return current
  if (pods.length === 0) {
    throw new Error('unable to calculate ready pods: no pods returned by selector while calculating replica count')
  }
  const ready = pods.filter((pod) => pod.status?.phase === 'Running' && isReady(pod)).length
  return Math.min(Math.ceil(ratio * ready), MOST_REPLICAS)
}

/** The same where the target is for each pod. */
export function proposeByShare(asked: {
  total: number
  target: number
  current: number
  tolerances: Tolerances
}): Proposal {
  const { total, target, current, tolerances } = asked
  const ratio = total / (target * current)
  return {
    replicas: isWithin(tolerances, ratio) ? current : Math.min(Math.ceil(total / target), MOST_REPLICAS),
    // As Go shows what is shared out among none.
    average: current === 0 ? -(2 ** 63) : Math.ceil(total / current),
  }
}
