// What is told of a resize, each once: that it was granted, put off or refused, that it failed, and that it is done.
// Upstream: pkg/kubelet/events/pod_resize.go, pkg/kubelet/allocation/allocation_manager.go.

import type { Container, Pod } from 'kubernetes-types/core/v1'
import type { Pending } from './pod-resize.ts'

type Say = (type: 'Normal' | 'Warning', reason: string, message: string) => void

/** What is remembered of a pod's resize between looks. */
export interface ResizeMemory {
  /** Why it does not yet use what it wishes to. */
  pending?: Pending | undefined
  resizeError?: string | undefined
  /** The generation whose wish is being carried out. */
  resizing?: number | undefined
  /** What the last Event of it said went wrong. */
  toldOfResize?: string | undefined
}

/** Before the containers are looked at. */
export function tellGranted(say: Say, memory: ResizeMemory, asked: { wished: Pod; isGranted: boolean }): void {
  const { wished, isGranted } = asked
  const { pending } = memory
  const { generation = 0 } = wished.metadata ?? {}
  if (isGranted && memory.resizing !== generation) {
    memory.resizing = generation
    say('Normal', 'ResizeStarted', resizeMessage('started', wished))
  }
  const message = pending && resizeMessage(pending.reason, wished, pending.message)
  if (pending && message && message !== memory.toldOfResize) say('Warning', `Resize${pending.reason}`, message)
  memory.toldOfResize = message ?? memory.resizeError
}

/** After it. */
export function tellDone(say: Say, memory: ResizeMemory, { pod, isUnderWay }: { pod: Pod; isUnderWay: boolean }): void {
  const { resizeError } = memory
  if (resizeError && memory.toldOfResize !== resizeError) {
    say('Warning', 'ResizeError', resizeMessage('error', pod, resizeError))
    memory.toldOfResize = resizeError
  }
  // A kubelet that starts anew finds what another has begun.
  if (isUnderWay) memory.resizing ??= pod.metadata?.generation ?? 0
  else if (memory.resizing !== undefined) {
    say('Normal', 'ResizeCompleted', resizeMessage('completed', pod))
    memory.resizing = undefined
  }
}

function resizeMessage(what: string, { metadata, spec }: Pod, error?: string): string {
  const all = (containers: Container[] | undefined) =>
    containers?.length ? containers.map(({ name, resources }) => ({ name, resources: sorted(resources) })) : undefined
  const summary = {
    initContainers: all(spec?.initContainers),
    containers: all(spec?.containers),
    generation: metadata?.generation ?? 0,
    error,
  }
  return `Pod resize ${what}: ${JSON.stringify(summary)}`
}

/** As Go writes it. */
function sorted({ limits, requests, claims }: NonNullable<Container['resources']> & { claims?: object[] } = {}) {
  const byName = (amounts: Record<string, string> | undefined) =>
    amounts && Object.fromEntries(Object.entries(amounts).sort(([a], [b]) => (a < b ? -1 : 1)))
  return { limits: byName(limits), requests: byName(requests), claims }
}
