// Room for the pod's requests, and for the pod itself. Nodes with most room left over score best (LeastAllocated), or
// those with least (MostAllocated packs), or by a curve of one's own (RequestedToCapacityRatio).
// Upstream: plugins/noderesources/{fit,least_allocated,most_allocated,requested_to_capacity_ratio}.go.

import type { Pod } from 'kubernetes-types/core/v1'
import type { Class } from '../../kinds/devices/device-objects.ts'
import { OF_CLASS } from '../../kinds/devices/extended-resources.ts'
import {
  amountsOf,
  asksForLess,
  isScalar,
  type PodResources,
  podResources,
} from '../../kinds/placement/pod-resources.ts'
import type { DeviceView } from '../devices/device-view.ts'
import { MAX_SCORE, type Plugin, type Rejection } from '../framework.ts'
import type { NodeInfo } from '../node-info.ts'

const STATE = 'NodeResourcesFit'

type IsIgnored = (resource: string) => boolean

interface Request {
  name: string
  amount: number
  /** DynamicResources sees to it, except on nodes that have an amount of it. */
  isDevice: boolean
}

interface Wanted extends PodResources {
  /** What a node must have room for. */
  filtered: readonly Request[]
}

/** What is missing on the node, one reason per resource. */
function insufficient(requests: readonly Request[], node: NodeInfo): Rejection | undefined {
  let reasons: string[] | undefined
  let neverFits = false
  if (node.freePods < 1) reasons = ['Too many pods']
  for (const { name, amount, isDevice } of requests) {
    if (amount <= node.free.get(name) || (isDevice && node.allocatable.get(name) === 0)) continue
    reasons ??= []
    reasons.push(`Insufficient ${name}`)
    // Even an empty node would be too small.
    if (amount > node.allocatable.get(name)) neverFits = true
  }
  return reasons && { reasons, unresolvable: neverFits }
}

export interface ScoringStrategy {
  type: 'LeastAllocated' | 'MostAllocated' | 'RequestedToCapacityRatio'
  resources: readonly { name: string; weight: number }[]
  /** From how much is used (0 to 100) to how good that is (0 to 10); straight lines in between. */
  shape?: readonly { utilization: number; score: number }[]
}

export const LEAST_ALLOCATED: ScoringStrategy = {
  type: 'LeastAllocated',
  resources: [
    { name: 'cpu', weight: 1 },
    { name: 'memory', weight: 1 },
  ],
}

/** 0 to MAX_SCORE for one resource, were the pod on the node. */
function scoreOf({ type, shape = [] }: ScoringStrategy, requested: number, capacity: number): number {
  // By the assumed amounts of pods that ask for nothing.
  const tooMuch = requested > capacity
  switch (type) {
    case 'LeastAllocated':
      return tooMuch ? 0 : Math.floor(((capacity - requested) * MAX_SCORE) / capacity)
    case 'MostAllocated':
      return tooMuch ? MAX_SCORE : Math.floor((requested * MAX_SCORE) / capacity)
    case 'RequestedToCapacityRatio':
      return onCurve(shape, tooMuch ? 100 : Math.floor((requested * 100) / capacity))
  }
}

const MAX_SHAPE_SCORE = 10

function onCurve(shape: NonNullable<ScoringStrategy['shape']>, utilization: number): number {
  const scaled = (score: number) => (score * MAX_SCORE) / MAX_SHAPE_SCORE
  const next = shape.findIndex((point) => utilization <= point.utilization)
  const to = shape.at(next)
  const from = next > 0 ? shape[next - 1] : undefined
  if (!to || !from) return scaled(to?.score ?? 0)
  const share = (utilization - from.utilization) / (to.utilization - from.utilization)
  return Math.trunc(scaled(from.score) + (scaled(to.score) - scaled(from.score)) * share)
}

/** What the node would have given away; for processor and memory with the assumed amounts of pods that ask for nothing. */
function requestedWith(name: string, node: NodeInfo, pod: PodResources): number {
  if (name === 'cpu') return node.nonZero.get(name) + pod.nonZeroCpu
  if (name === 'memory') return node.nonZero.get(name) + pod.nonZeroMemory
  return node.requested.get(name) + (pod.requests.get(name) ?? 0)
}

export interface NodeResourcesFitArguments {
  scoringStrategy: ScoringStrategy
  /** Extended resources that somebody else sees to, by name or by what stands before the slash. */
  ignoredResources: readonly string[]
  ignoredResourceGroups: readonly string[]
}

function isIgnoredBy({ ignoredResources, ignoredResourceGroups }: NodeResourcesFitArguments): IsIgnored {
  const [names, groups] = [new Set(ignoredResources), new Set(ignoredResourceGroups)]
  return (name) => name.includes('/') && (names.has(name) || groups.has(name.slice(0, name.indexOf('/'))))
}

/** Whether the other pod asks for less of something that this one asks for. */
function givesBackFor(pod: Pod, other: Pod, before: Pod): boolean {
  const [now, had] = [podResources(other).requests, podResources(before).requests]
  return [...podResources(pod).requests].some(
    ([name, amount]) => amount > 0 && (had.get(name) ?? 0) > (now.get(name) ?? 0),
  )
}

/** Whether a class that is new, or serves another resource than it did, serves something that the pod asks for. */
function asksForServed(pod: Pod, { metadata, spec }: Class, previous: Class | undefined): boolean {
  const { requests } = podResources(pod)
  if (!previous && requests.has(`${OF_CLASS}${metadata?.name}`)) return true
  const resource = spec?.extendedResourceName
  return !!resource && resource !== previous?.spec?.extendedResourceName && requests.has(resource)
}

export function nodeResourcesFit(told: NodeResourcesFitArguments, devices: Pick<DeviceView, 'classServing'>): Plugin {
  const { scoringStrategy: strategy } = told
  const isByRatio = strategy.type === 'RequestedToCapacityRatio'
  const isIgnored = isIgnoredBy(told)
  const isDevice = (name: string) => devices.classServing(name) !== undefined
  return {
    name: 'NodeResourcesFit',
    preFilter(state, pod) {
      const resources = podResources(pod)
      const counted = Array.from(resources.requests, ([name, amount]) => ({ name, amount, isDevice: isDevice(name) }))
      const filtered = counted.filter(({ name, amount }) => amount > 0 && !isIgnored(name))
      state.set(STATE, { ...resources, filtered } satisfies Wanted)
      return undefined
    },
    filter: (state, _, node) => insufficient((state.get(STATE) as Wanted).filtered, node),
    score(state, _, node) {
      const pod = state.get(STATE) as PodResources
      let sum = 0
      let weights = 0
      for (const { name, weight } of strategy.resources) {
        const capacity = node.allocatable.get(name)
        // What the node has not got, or is nothing of its own and not asked for, says nothing about it.
        if (capacity === 0 || (isScalar(name) && !pod.requests.get(name))) continue
        const score = scoreOf(strategy, requestedWith(name, node, pod), capacity)
        if (isByRatio && score === 0) continue
        sum += weight * score
        weights += weight
      }
      if (weights === 0) return 0
      return isByRatio ? Math.round(sum / weights) : Math.floor(sum / weights)
    },
    wokenBy: ['node-added', 'node-updated', 'pod-removed', 'pod-scaled-down', 'pod-changed', 'device-class-changed'],
    mayHelp(event, pod) {
      if (event.type === 'device-class-changed') return asksForServed(pod, event.object, event.previous)
      if (event.type === 'pod-changed') return asksForLess(event.pod, event.previous)
      if (event.type === 'pod-scaled-down') return givesBackFor(pod, event.pod, event.previous)
      if (event.type !== 'node-added' && event.type !== 'node-updated') return true
      const allocatable = amountsOf(event.node.status?.allocatable)
      const { requests } = podResources(pod)
      const fits = [...requests].every(([name, amount]) => {
        const has = allocatable.get(name) ?? 0
        return isIgnored(name) || amount <= has || (has === 0 && isDevice(name))
      })
      if (event.type === 'node-added' || !fits) return fits
      const before = amountsOf(event.previous.status?.allocatable)
      const matters = (name: string) => name === 'pods' || (requests.get(name) ?? 0) > 0
      return [...allocatable].some(([name, amount]) => matters(name) && amount > (before.get(name) ?? 0))
    },
  }
}
