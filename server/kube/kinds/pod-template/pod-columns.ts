// How `kubectl get pods` tells in one word what goes on in a pod.
// Upstream: kubernetes/pkg/printers/internalversion/printers.go printPod.

import type { ContainerStatus, Pod, PodSpec } from 'kubernetes-types/core/v1'
import { ageColumn, type Column, humanDuration, nameColumn, type RowCondition } from '../define-kind.ts'

export interface PodSummary {
  ready: string
  status: string
  restarts: string
}

export function podSummary(pod: Pod, now: number): PodSummary {
  const { spec, status = {}, metadata = {} } = pod
  let word = status.reason || status.phase || ''
  const conditions = status.conditions ?? []
  if (conditions.some(({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated')) {
    word = 'SchedulingGated'
  }
  const inits = spec?.initContainers ?? []
  const sidecars = new Set(inits.filter((container) => container.restartPolicy === 'Always').map(({ name }) => name))
  const total = (spec?.containers?.length ?? 0) + sidecars.size
  const counted = initCount(status.initContainerStatuses ?? [], { sidecars, of: inits.length })
  let { ready, restarts, lastRestart } = counted
  if (counted.word) word = counted.word

  const isInitialized = conditions.some(({ type, status: value }) => type === 'Initialized' && value === 'True')
  if (!counted.word || isInitialized) {
    restarts = counted.sidecarRestarts
    lastRestart = counted.lastSidecarRestart
    let hasRunning = false
    for (const container of [...(status.containerStatuses ?? [])].reverse()) {
      restarts += container.restartCount ?? 0
      lastRestart = Math.max(lastRestart, finishedAt(container))
      const { waiting, terminated, running } = container.state ?? {}
      if (waiting?.reason) word = waiting.reason
      else if (terminated) word = terminated.reason || endOf(terminated)
      else if (container.ready && running) {
        hasRunning = true
        ready++
      }
    }
    // Some are done while others still run: that is a running pod.
    if (word === 'Completed' && hasRunning) {
      word = conditions.some(({ type, status: value }) => type === 'Ready' && value === 'True') ? 'Running' : 'NotReady'
    }
  }
  if (metadata.deletionTimestamp) {
    if (status.reason === 'NodeLost') word = 'Unknown'
    else if (status.phase !== 'Succeeded' && status.phase !== 'Failed') word = 'Terminating'
  }
  return {
    ready: `${ready}/${total}`,
    status: word,
    restarts:
      restarts > 0 && lastRestart > 0 ? `${restarts} (${humanDuration(now - lastRestart)} ago)` : String(restarts),
  }
}

function initCount(statuses: readonly ContainerStatus[], told: { sidecars: ReadonlySet<string>; of: number }) {
  const counted = { word: '', ready: 0, restarts: 0, lastRestart: 0, sidecarRestarts: 0, lastSidecarRestart: 0 }
  for (const [index, container] of statuses.entries()) {
    counted.restarts += container.restartCount ?? 0
    counted.lastRestart = Math.max(counted.lastRestart, finishedAt(container))
    const isSidecar = told.sidecars.has(container.name)
    if (isSidecar) {
      counted.sidecarRestarts += container.restartCount ?? 0
      counted.lastSidecarRestart = Math.max(counted.lastSidecarRestart, finishedAt(container))
    }
    const { terminated, waiting } = container.state ?? {}
    if (terminated?.exitCode === 0) continue
    if (isSidecar && container.started) {
      if (container.ready) counted.ready++
      continue
    }
    if (terminated) counted.word = `Init:${terminated.reason || endOf(terminated)}`
    else if (waiting?.reason && waiting.reason !== 'PodInitializing') counted.word = `Init:${waiting.reason}`
    else counted.word = `Init:${index}/${told.of}`
    break
  }
  return counted
}

const endOf = ({ signal, exitCode }: { signal?: number; exitCode: number }) =>
  signal ? `Signal:${signal}` : `ExitCode:${exitCode}`

const finishedAt = ({ lastState }: ContainerStatus) =>
  lastState?.terminated?.finishedAt ? Date.parse(lastState.terminated.finishedAt) : 0

/** A pod that has ended is marked, so that lists can leave it out. */
export function podRowConditions({ status }: Pod): RowCondition[] {
  const marked = (reason: string, message: string) => [{ type: 'Completed', status: 'True', reason, message } as const]
  if (status?.phase === 'Succeeded') return marked('Succeeded', 'The pod has completed successfully.')
  return status?.phase === 'Failed' ? marked('Failed', 'The pod failed.') : []
}

export const podColumns: readonly Column<Pod>[] = [
  nameColumn,
  {
    name: 'Ready',
    description: 'The aggregate readiness state of this pod for accepting traffic.',
    value: (pod, now) => podSummary(pod, now).ready,
  },
  {
    name: 'Status',
    description: 'The aggregate status of the containers in this pod.',
    value: (pod, now) => podSummary(pod, now).status,
  },
  {
    name: 'Restarts',
    description:
      'The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.',
    value: (pod, now) => podSummary(pod, now).restarts,
  },
  ageColumn,
  {
    name: 'IP',
    field: 'status.podIP',
    priority: 1,
    value: (pod) => pod.status?.podIPs?.[0]?.ip || pod.status?.podIP || '<none>',
  },
  { name: 'Node', field: 'spec.nodeName', priority: 1, value: (pod) => pod.spec?.nodeName || '<none>' },
  {
    name: 'Nominated Node',
    field: 'status.nominatedNodeName',
    priority: 1,
    value: (pod) => pod.status?.nominatedNodeName || '<none>',
  },
  { name: 'Readiness Gates', field: 'spec.readinessGates', priority: 1, value: readinessGates },
]

function readinessGates({ spec, status }: Pod): string {
  const gates = spec?.readinessGates ?? []
  if (gates.length === 0) return '<none>'
  const open = gates.filter((gate) =>
    status?.conditions?.some(({ type, status: value }) => type === gate.conditionType && value === 'True'),
  )
  return `${open.length}/${gates.length}`
}

/** `web,sidecar` and `nginx:1.26,envoy`: the wide columns of whatever makes pods. */
export const containerNames = (spec: PodSpec | undefined) => (spec?.containers ?? []).map(({ name }) => name).join(',')
export const containerImages = (spec: PodSpec | undefined) =>
  (spec?.containers ?? []).map(({ image }) => image).join(',')
