// From what Docker says of a container to what the kubelet wants to know.

import type { ContainerInspectInfo } from 'dockerode'
import type { ContainerResources, ContainerStatus, PodSandbox } from '../container-runtime.ts'
import { CONTAINER_NAME, POD_NAME, POD_NAMESPACE, POD_UID } from '../labels.ts'

export const KIND = 'io.kubernetes.docker.type'
export const SANDBOX_ID = 'io.kubernetes.sandbox.id'
export const ATTEMPT = 'podium.dev/attempt'
/** Docker has no annotations: they are labels with this in front. */
export const ANNOTATION = 'annotation.'

export type Inspected = ContainerInspectInfo & {
  /** What an ended container wrote into its termination log. */
  lastWords: string
}

export function sandboxOf(inspected: Inspected, ips: string[]): PodSandbox {
  const all = inspected.Config.Labels
  return {
    id: inspected.Id,
    config: {
      name: all[POD_NAME] ?? '',
      namespace: all[POD_NAMESPACE] ?? '',
      uid: all[POD_UID] ?? '',
      attempt: Number(all[ATTEMPT] ?? 0),
    },
    state: inspected.State.Running ? 'ready' : 'notReady',
    createdAt: timeOf(inspected.Created),
    pid: inspected.State.Running ? inspected.State.Pid : 0,
    ips,
    ...splitLabels(all),
  }
}

export function containerStatusOf(inspected: Inspected): ContainerStatus {
  const { Config, State } = inspected
  const all = Config.Labels
  const neverRan = State.Status === 'created' && (State.ExitCode !== 0 || State.Error !== '')
  const createdAt = timeOf(inspected.Created)
  const startedAt = timeOf(State.StartedAt)
  const finishedAt = timeOf(State.FinishedAt) || (neverRan ? createdAt : 0)
  return {
    id: inspected.Id,
    name: all[CONTAINER_NAME] ?? '',
    attempt: Number(all[ATTEMPT] ?? 0),
    sandboxId: all[SANDBOX_ID] ?? '',
    podUid: all[POD_UID] ?? '',
    image: Config.Image,
    imageId: `docker://${inspected.Image}`,
    state: neverRan ? 'exited' : stateOf(State.Status),
    createdAt,
    startedAt,
    // The engine notes a start when it hears that all went well: what ends at once may have ended before that.
    finishedAt: finishedAt && Math.max(finishedAt, startedAt),
    exitCode: State.ExitCode,
    reason: reasonOf(State, neverRan),
    message: inspected.lastWords || State.Error,
    resources: resourcesOf(inspected),
    ...splitLabels(all),
  }
}

/** Docker's 0 is none. */
function resourcesOf({ HostConfig }: Inspected): ContainerResources {
  const { CpuShares, CpuQuota, CpuPeriod, Memory } = HostConfig
  return {
    ...(CpuShares ? { cpuShares: CpuShares } : {}),
    ...(CpuQuota ? { cpuQuota: CpuQuota, cpuPeriod: CpuPeriod || 100_000 } : {}),
    ...(Memory ? { memoryLimitBytes: Memory } : {}),
  }
}

function stateOf(status: string): ContainerStatus['state'] {
  switch (status) {
    case 'created':
      return 'created'
    case 'running':
    case 'paused':
    case 'restarting':
      return 'running'
    case 'exited':
    case 'dead':
    case 'removing':
      return 'exited'
    default:
      return 'unknown'
  }
}

function reasonOf(state: ContainerInspectInfo['State'], neverRan: boolean): string {
  if (neverRan) return 'ContainerCannotRun'
  if (state.OOMKilled) return 'OOMKilled'
  if (state.Status !== 'exited') return ''
  return state.ExitCode === 0 ? 'Completed' : 'Error'
}

/** Docker's zero is the year 1. */
function timeOf(text: string): number {
  const time = Date.parse(text)
  return Number.isNaN(time) ? 0 : Math.max(time, 0)
}

function splitLabels(all: Record<string, string>) {
  const labels: Record<string, string> = {}
  const annotations: Record<string, string> = {}
  for (const [key, value] of Object.entries(all)) {
    if (key.startsWith(ANNOTATION)) annotations[key.slice(ANNOTATION.length)] = value
    else labels[key] = value
  }
  return { labels, annotations }
}
