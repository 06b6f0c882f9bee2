// What a node's silence means, and which taints say so. Pure.
// Upstream: kubernetes/pkg/controller/nodelifecycle/node_lifecycle_controller.go.

import type { Node, NodeCondition, Taint } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { conditionOf } from '../conditions.ts'

const NOT_READY = 'node.kubernetes.io/not-ready'
const UNREACHABLE = 'node.kubernetes.io/unreachable'

/** Conditions that only the kubelet can know; without it they are unknown. */
const REPORTED = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const

export type Readiness = 'True' | 'False' | 'Unknown'

export function readinessOf(node: Node): Readiness {
  const status = conditionOf(node.status?.conditions, 'Ready')?.status
  return status === 'True' || status === 'False' ? status : 'Unknown'
}

/** Whether there is more to a change than what kubelets report all the time: that they live, their images, their room. */
export function saysMore(node: Node, previous: Node): boolean {
  const { metadata, spec } = node
  return (
    metadata?.uid !== previous.metadata?.uid ||
    statusesOf(node) !== statusesOf(previous) ||
    !deepEqual(metadata?.labels, previous.metadata?.labels) ||
    !deepEqual(spec, previous.spec)
  )
}

const statusesOf = ({ status }: Node) => (status?.conditions ?? []).map((one) => `${one.type}=${one.status}`).join()

/** The conditions of a node that has fallen silent, each in its place; undefined when the first says so already. */
export function silentConditions(node: Node, at: string): NodeCondition[] | undefined {
  const current = node.status?.conditions ?? []
  if (conditionOf(current, 'Ready')?.status === 'Unknown') return undefined
  const stopped = { reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' }
  const silent = current.map((condition): NodeCondition => {
    const isKnown = REPORTED.some((type) => type === condition.type) && condition.status !== 'Unknown'
    return isKnown ? { ...condition, status: 'Unknown', ...stopped, lastTransitionTime: at } : condition
  })
  const never = REPORTED.filter((type) => !conditionOf(current, type)).map(
    (type): NodeCondition => ({
      type,
      status: 'Unknown',
      reason: 'NodeStatusNeverUpdated',
      message: 'Kubelet never posted node status.',
      lastHeartbeatTime: node.metadata?.creationTimestamp ?? at,
      lastTransitionTime: at,
    }),
  )
  return [...silent, ...never]
}

/** Labels whose names have changed, and what they are called now: who selects by the old one finds the same nodes. */
const OLD_LABELS = { 'beta.kubernetes.io/os': 'kubernetes.io/os', 'beta.kubernetes.io/arch': 'kubernetes.io/arch' }

/** The old labels that do not say what the new ones do; undefined when all do. */
export function labelsFor({ metadata }: Node): Record<string, string> | undefined {
  const { labels = {} } = metadata ?? {}
  const differing = Object.entries(OLD_LABELS).flatMap(([old, now]) => {
    const value = labels[now]
    return value === undefined || labels[old] === value ? [] : [[old, value] as const]
  })
  return differing.length > 0 ? Object.fromEntries(differing) : undefined
}

/** condition → its status → the taint that keeps new pods away meanwhile. */
const NO_SCHEDULE: readonly { condition: string; status: string; key: string }[] = [
  { condition: 'Ready', status: 'False', key: NOT_READY },
  { condition: 'Ready', status: 'Unknown', key: UNREACHABLE },
  { condition: 'MemoryPressure', status: 'True', key: 'node.kubernetes.io/memory-pressure' },
  { condition: 'DiskPressure', status: 'True', key: 'node.kubernetes.io/disk-pressure' },
  { condition: 'PIDPressure', status: 'True', key: 'node.kubernetes.io/pid-pressure' },
  { condition: 'NetworkUnavailable', status: 'True', key: 'node.kubernetes.io/network-unavailable' },
]

const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable'
const NO_SCHEDULE_KEYS = new Set([...NO_SCHEDULE.map(({ key }) => key), UNSCHEDULABLE])
const NO_EXECUTE_KEYS = new Set([NOT_READY, UNREACHABLE])

export const isGivenUp = ({ spec }: Node) =>
  (spec?.taints ?? []).some(({ key, effect }) => effect === 'NoExecute' && NO_EXECUTE_KEYS.has(key))

export interface TaintOptions {
  at: string
  /**
   * Whether pods may be driven from a node that is not ready: not yet, though one that is given up already stays so; or
   * not at all, for when every node is silent it is probably us.
   */
  drivesOff: 'yes' | 'not yet' | 'no'
}

/** The taints the node should have; undefined when it has them. Taints that others put there are left alone. */
export function taintsFor(node: Node, { at, drivesOff }: TaintOptions): Taint[] | undefined {
  const current = node.spec?.taints ?? []
  const wanted: Pick<Taint, 'key' | 'effect'>[] = NO_SCHEDULE.filter(
    ({ condition, status }) => conditionOf(node.status?.conditions, condition)?.status === status,
  ).map(({ key }) => ({ key, effect: 'NoSchedule' }))
  if (node.spec?.unschedulable) wanted.push({ key: UNSCHEDULABLE, effect: 'NoSchedule' })
  const readiness = readinessOf(node)
  const hasReported = conditionOf(node.status?.conditions, 'Ready') !== undefined
  if (hasReported && readiness !== 'True' && (drivesOff === 'yes' || (drivesOff === 'not yet' && isGivenUp(node)))) {
    wanted.push({ key: readiness === 'False' ? NOT_READY : UNREACHABLE, effect: 'NoExecute' })
  }
  const isManaged = ({ key, effect }: Taint) =>
    (effect === 'NoSchedule' && NO_SCHEDULE_KEYS.has(key)) || (effect === 'NoExecute' && NO_EXECUTE_KEYS.has(key))
  // Until the kubelet has reported for the first time, what admission put on the new node stays.
  const managed = (taint: Taint) =>
    isManaged(taint) && (hasReported || (taint.key !== NOT_READY && taint.key !== UNREACHABLE))
  const kept = current.filter(
    (taint) => !managed(taint) || wanted.some(({ key, effect }) => key === taint.key && effect === taint.effect),
  )
  const added = wanted
    .filter(({ key, effect }) => !current.some((taint) => taint.key === key && taint.effect === effect))
    .map((taint): Taint => ({ ...taint, timeAdded: at }))
  return kept.length === current.length && added.length === 0 ? undefined : [...kept, ...added]
}
