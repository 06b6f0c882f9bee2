// From what a CRI runtime says of sandboxes, containers and images to what the kubelet wants to know.

import type { DecodedOf } from '../../../base/protobuf.ts'
import type {
  ContainerResources,
  ContainerStatus,
  ContainerUsage,
  ImageStatus,
  PodSandbox,
} from '../container-runtime.ts'
import { POD_UID } from '../labels.ts'
import { withoutOptions } from './cri-requests.ts'
import {
  type Container as CriContainer,
  type Image as CriImage,
  type PodSandbox as CriSandbox,
  type ContainerStats as CriStats,
  type ContainerStatus as CriStatus,
  recordOf,
} from './messages.ts'

const NANOSECONDS_PER_MS = 1e6
const SANDBOX_READY = 0
const STATES = ['created', 'running', 'exited', 'unknown'] as const
type Listed = DecodedOf<typeof CriContainer>

export const stateOf = ({ state }: { state: number }): ContainerStatus['state'] => STATES[state] ?? 'unknown'

export const isReady = ({ state }: { state: number }) => state === SANDBOX_READY

export function sandboxOf(
  listed: DecodedOf<typeof CriSandbox>,
  { pid, ips }: { pid: number; ips: string[] },
): PodSandbox {
  const { name = '', namespace = '', uid = '', attempt = 0 } = listed.metadata ?? {}
  const ready = isReady(listed)
  return {
    id: listed.id,
    config: { name, namespace, uid, attempt },
    state: ready ? 'ready' : 'notReady',
    createdAt: listed.createdAt / NANOSECONDS_PER_MS,
    pid: ready ? pid : 0,
    ips: ready ? ips : [],
    labels: recordOf(listed.labels),
    annotations: withoutOptions(recordOf(listed.annotations)),
  }
}

export function containerStatusOf(
  listed: Listed,
  status: DecodedOf<typeof CriStatus>,
  known: { resources: ContainerResources | undefined; lastWords: string },
): ContainerStatus {
  const labels = recordOf(status.labels)
  const startedAt = Math.round(status.startedAt / NANOSECONDS_PER_MS)
  const finishedAt = Math.round(status.finishedAt / NANOSECONDS_PER_MS)
  return {
    id: status.id,
    name: status.metadata?.name ?? '',
    attempt: status.metadata?.attempt ?? 0,
    sandboxId: listed.podSandboxId,
    podUid: labels[POD_UID] ?? '',
    image: status.image?.image ?? '',
    imageId: listed.imageRef,
    state: stateOf(status),
    createdAt: Math.round(status.createdAt / NANOSECONDS_PER_MS),
    startedAt,
    // A start is noted when it is heard of, as by the engine: what ends at once may have ended before that.
    finishedAt: finishedAt && Math.max(finishedAt, startedAt),
    exitCode: status.exitCode,
    reason: status.reason,
    message: known.lastWords || status.message,
    ...(known.resources && { resources: known.resources }),
    labels,
    annotations: recordOf(status.annotations),
  }
}

/** The runtime's own notes, which go with a status that is asked for in full. */
interface RuntimeNotes {
  pid?: number
  /** Of an image: the name of its topmost layer, with all below it. */
  chainID?: string
  runtimeSpec?: {
    linux?: { resources?: { memory?: { limit?: number }; cpu?: { shares?: number; quota?: number; period?: number } } }
  }
}

export function notesIn(info: readonly { key: string; value: string }[]): RuntimeNotes {
  return JSON.parse(recordOf(info).info ?? '{}') as RuntimeNotes
}

export function resourcesIn({ runtimeSpec }: RuntimeNotes): ContainerResources {
  const { memory, cpu } = runtimeSpec?.linux?.resources ?? {}
  return {
    ...(cpu?.shares ? { cpuShares: cpu.shares } : {}),
    ...(cpu?.quota ? { cpuQuota: cpu.quota, cpuPeriod: cpu.period || 100_000 } : {}),
    ...(memory?.limit ? { memoryLimitBytes: memory.limit } : {}),
  }
}

export function imageOf(image: DecodedOf<typeof CriImage>, pauseImage: string): ImageStatus {
  const { id, repoTags, repoDigests, size, uid, username, pinned } = image
  return {
    id,
    tags: repoTags,
    digests: repoDigests,
    sizeBytes: size,
    user: uid ? String(uid.value) : username,
    isPinned: pinned || repoTags.includes(pauseImage),
  }
}

export function usageOf({ attributes, cpu, memory }: DecodedOf<typeof CriStats>): ContainerUsage | undefined {
  if (!attributes || !cpu || !memory) return undefined
  return {
    containerId: attributes.id,
    at: cpu.timestamp / NANOSECONDS_PER_MS,
    cpuNanoSeconds: cpu.usageCoreNanoSeconds?.value ?? 0,
    memoryWorkingSetBytes: memory.workingSetBytes?.value ?? 0,
    memoryUsageBytes: memory.usageBytes?.value ?? 0,
    memoryRssBytes: memory.rssBytes?.value ?? 0,
    pageFaults: memory.pageFaults?.value ?? 0,
    majorPageFaults: memory.majorPageFaults?.value ?? 0,
  }
}
