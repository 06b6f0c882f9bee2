// Starts one container: back-off, image, configuration, create, start, postStart. Whatever stops it becomes the
// container's waiting reason. Upstream: kuberuntime_container.go, startContainer; kuberuntime_manager.go, doBackOff.

import type { Pod } from 'kubernetes-types/core/v1'
import type { Clock } from '../../base/clock.ts'
import type { Counter, Metrics } from '../../base/metrics.ts'
import { goDuration } from '../apimachinery/go-duration.ts'
import type { ContainerRuntime, PodSandbox } from '../container-runtime/container-runtime.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import type { ApiObjects } from './api-objects.ts'
import { containerConfigOf } from './container-config.ts'
import { hashOfContainer } from './container-hash.ts'
import type { StartFailure } from './container-statuses.ts'
import { environmentOf } from './environment.ts'
import { hostsFileOf, hostsFileOfMachine } from './etc-files.ts'
import type { NodeAmounts } from './field-ref.ts'
import type { ImagePuller } from './image-puller.ts'
import { withDefaultTag } from './image-puller.ts'
import { fieldPathOf, type KubeletEvents } from './kubelet-events.ts'
import { hookFailure, runHook } from './lifecycle-hooks.ts'
import type { PodKiller } from './pod-killer.ts'
import { formatPod, latestOf, type PodRuntimeState } from './pod-runtime-state.ts'
import { asksForImageUser, verifyNonRoot } from './security-context.ts'
import { StartBackoff } from './start-backoff.ts'
import type { StartTurns, Turn } from './start-turns.ts'
import type { ContainerToStart } from './sync-plan.ts'
import type { MountedVolumes, VolumeManager } from './volumes/volume-manager.ts'

export type StartOutcome = { ok: true } | { ok: false; failure: StartFailure; retryAfterMs: number }

export interface ContainerStarterOptions {
  runtime: ContainerRuntime
  turns: StartTurns
  os: NodeOs
  objects: ApiObjects
  images: ImagePuller
  volumes: VolumeManager
  killer: PodKiller
  events: KubeletEvents
  clock: Clock
  node: NodeAmounts
  seccompDefault: boolean
  /** The longest wait between two starts of one that ends again and again. */
  longestPauseMs: number
  nodeIPs: readonly string[]
  metrics: Metrics
  rootDir: string
  clusterDomain: string
  hookAgent: string
}

export interface StartRequest extends ContainerToStart {
  pod: Pod
  state: PodRuntimeState
  sandbox: PodSandbox
  volumes: MountedVolumes
  /** When the pod shall end, it gives up its turn: then `start` rejects. */
  until: AbortSignal
  /** The one in which its sandbox was made. */
  turn?: Turn
}

const RETRY_MS = 10_000
const TYPES = {
  init: 'init_container',
  sidecar: 'init_container',
  regular: 'container',
  ephemeral: 'ephemeral_container',
}

export class ContainerStarter {
  readonly #options: ContainerStarterOptions
  readonly #backoff: StartBackoff
  readonly #started: Counter
  readonly #failed: Counter

  constructor(options: ContainerStarterOptions) {
    this.#options = options
    this.#started = options.metrics.counter(
      'kubelet_started_containers_total',
      'Cumulative number of containers started',
    )
    this.#failed = options.metrics.counter(
      'kubelet_started_containers_errors_total',
      'Cumulative number of errors when starting containers',
    )
    const { clock, longestPauseMs: maxMs } = options
    this.#backoff = new StartBackoff({ clock, initialMs: 10_000, maxMs, forgetMs: 600_000 })
  }

  async start(request: StartRequest): Promise<StartOutcome> {
    const { pod, container, role, state } = request
    const { events } = this.#options
    const fieldPath = fieldPathOf(role, container.name)
    // What is asked of it has changed: then it is another try.
    const key = `${pod.metadata?.uid}_${container.name}_${hashOfContainer(container)}`
    // One that has just been killed counts by the end of the one before it.
    const ended = state.containers.find(({ name, state: is }) => name === container.name && is === 'exited')
    const isUnknown = !latestOf(state, container.name)
    const endedAt = ended ? ended.finishedAt : isUnknown ? endTold(pod, container.name) : undefined
    if (endedAt !== undefined && role !== 'ephemeral') {
      const waitMs = this.#backoff.remainingMs(key, endedAt)
      if (waitMs > 0) {
        const delay = goDuration(this.#backoff.delayMs(key))
        const message = `back-off ${delay} restarting failed container=${container.name} pod=${formatPod(pod)}`
        const told = `Back-off restarting failed container ${container.name} in pod ${formatPod(pod)}`
        events.pod(pod, 'Warning', 'BackOff', told, fieldPath)
        return failed('CrashLoopBackOff', message, waitMs)
      }
      this.#backoff.next(key, endedAt)
    }
    const labels = { container_type: TYPES[role] }
    this.#started.add(labels)
    const outcome = await this.#pullAndStart(request, fieldPath)
    if (!outcome.ok) this.#failed.add({ ...labels, code: outcome.failure.reason })
    return outcome
  }

  async #pullAndStart(request: StartRequest, fieldPath: string): Promise<StartOutcome> {
    const { pod, container } = request
    const { events, images } = this.#options
    // Who waits for a registry keeps no seat.
    const image = await images.ensure(pod, container, fieldPath, () => request.turn?.[Symbol.dispose]())
    if (!image.ok) {
      events.pod(pod, 'Warning', 'Failed', `Error: ${image.reason}`, fieldPath)
      return failed(image.reason, image.message, image.retryAfterMs)
    }
    return this.#createAndStart(request, fieldPath)
  }

  forget(podUid: string): void {
    this.#backoff.forget(`${podUid}_`)
    this.#options.images.forget(podUid)
  }

  async #createAndStart(request: StartRequest, fieldPath: string): Promise<StartOutcome> {
    const { pod, sandbox, container } = request
    const { runtime, events } = this.#options
    const giveUp = (reason: string, err: unknown): StartOutcome => {
      const message = withoutCode(err)
      events.pod(pod, 'Warning', 'Failed', `Error: ${message}`, fieldPath)
      return failed(reason, message, RETRY_MS)
    }
    let config: Awaited<ReturnType<ContainerStarter['configOf']>>
    try {
      config = await this.configOf(request)
    } catch (err) {
      return giveUp('CreateContainerConfigError', err)
    }
    const make = async (): Promise<string | StartOutcome> => {
      let id: string
      try {
        await this.#sweep(request)
        id = await runtime.createContainer(sandbox, config)
      } catch (err) {
        return giveUp('CreateContainerError', err)
      }
      events.pod(pod, 'Normal', 'Created', 'Container created', fieldPath)
      try {
        await runtime.startContainer(id, request.until)
      } catch (err) {
        return giveUp('RunContainerError', err)
      }
      return id
    }
    const started = await this.#options.turns.runContainer(make, request)
    if (typeof started !== 'string') return started
    events.pod(pod, 'Normal', 'Started', 'Container started', fieldPath)
    const hook = container.lifecycle?.postStart
    return hook ? this.#postStart(request, started, fieldPath, hook) : { ok: true }
  }

  async #postStart(
    { pod, sandbox, container, role }: StartRequest,
    id: string,
    fieldPath: string,
    handler: NonNullable<NonNullable<StartRequest['container']['lifecycle']>['postStart']>,
  ): Promise<StartOutcome> {
    const { events, killer, runtime } = this.#options
    try {
      const podIP = sandbox.ips[0] ?? this.#options.nodeIPs[0]!
      await runHook({ handler, pod, container, containerId: id, podIP, timeoutMs: 600_000 }, this.#options)
      return { ok: true }
    } catch (err) {
      // What it printed may be a secret, and more people read Events than statuses.
      events.pod(pod, 'Warning', 'FailedPostStartHook', 'PostStartHook failed', fieldPath)
      const graceSeconds = Number(pod.spec?.terminationGracePeriodSeconds ?? 30)
      const status = await runtime.containerStatus(id)
      await killer.kill(pod, status, { graceSeconds, role, container, message: 'FailedPostStartHook' })
      return failed('PostStartHookError', hookFailure(handler, pod, container, err), RETRY_MS)
    }
  }

  async configOf({ pod, container, role, state, sandbox, volumes }: StartRequest) {
    const { objects, node, nodeIPs, os, runtime, seccompDefault } = this.#options
    const image = withDefaultTag(container.image ?? '')
    const named = asksForImageUser(pod, container) ? await runtime.imageStatus(image) : undefined
    verifyNonRoot(pod, container, named?.user ?? '')
    const podIPs = pod.spec?.hostNetwork ? nodeIPs : sandbox.ips
    const addresses = { podIPs, hostIPs: nodeIPs }
    const environment = await environmentOf({ pod, container, addresses, node, objects, volumes, os })
    const mounts = await this.#options.volumes.mountsOf(pod, container, volumes, environment)
    mounts.push(...(await this.#etcMounts(pod, podIPs, mounts)))
    const latest = latestOf(state, container.name)
    const attempt = latest ? latest.attempt + 1 : attemptsTold(pod, container.name)
    mounts.push(await this.#terminationLog(pod, container, attempt))
    const targetId = targetOf(container, state)
    const known = { image, role, attempt, environment, mounts, node, seccompDefault, targetId }
    return containerConfigOf({ pod, container, ...known })
  }

  async #etcMounts(pod: Pod, podIPs: readonly string[], own: { containerPath: string }[]) {
    const { os, rootDir, clusterDomain } = this.#options
    const directory = `${rootDir}/pods/${pod.metadata?.uid}`
    const isTaken = (path: string) => own.some(({ containerPath }) => containerPath === path)
    const mounts = []
    if (!isTaken('/etc/hosts')) {
      const content = pod.spec?.hostNetwork
        ? hostsFileOfMachine(pod, (await os.readFile('/etc/hosts')) ?? '')
        : hostsFileOf(pod, podIPs, clusterDomain)
      await os.writeFile(`${directory}/etc-hosts`, content, { mode: 0o644 })
      mounts.push({ hostPath: `${directory}/etc-hosts`, containerPath: '/etc/hosts', readOnly: false })
    }
    if (!isTaken('/etc/resolv.conf')) {
      mounts.push({ hostPath: `${directory}/resolv.conf`, containerPath: '/etc/resolv.conf', readOnly: false })
    }
    return mounts
  }

  async #terminationLog(pod: Pod, container: StartRequest['container'], attempt: number) {
    const { os, rootDir } = this.#options
    const path = `${rootDir}/pods/${pod.metadata?.uid}/containers/${container.name}/${attempt}`
    // Any user in the container may write its last words.
    await os.writeFile(path, '', { mode: 0o666 })
    return {
      hostPath: path,
      containerPath: container.terminationMessagePath ?? '/dev/termination-log',
      readOnly: false,
    }
  }

  /** Of the dead instances of a container only the last is kept, for `kubectl logs --previous`. */
  async #sweep({ container, state }: StartRequest): Promise<void> {
    const dead = state.containers.filter(
      ({ name, state: is }) => name === container.name && (is === 'exited' || is === 'created'),
    )
    for (const old of dead.slice(1)) await this.#options.runtime.removeContainer(old.id)
  }
}

/** The running container that an ephemeral one was made to look at. */
function targetOf(container: StartRequest['container'], state: PodRuntimeState): string | undefined {
  const name = 'targetContainerName' in container ? container.targetContainerName : undefined
  if (!name) return undefined
  const target = latestOf(state, name)
  if (target?.state === 'running') return target.id
  throw new Error(`unable to find target container "${name}"`)
}

/** The runtime has forgotten the container; what the API was told must not go back. */
function attemptsTold(pod: Pod, name: string): number {
  const told = statusTold(pod, name)
  return told?.containerID ? told.restartCount + 1 : 0
}

function endTold(pod: Pod, name: string): number | undefined {
  const { finishedAt } = statusTold(pod, name)?.state?.terminated ?? {}
  return finishedAt ? Date.parse(finishedAt) : undefined
}

function statusTold({ status }: Pod, name: string) {
  return [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].find(
    (one) => one.name === name,
  )
}

/** A runtime behind a socket says with which code it refuses; people are told only why. */
const withoutCode = (err: unknown) =>
  (err instanceof Error ? err.message : String(err)).replace(/^rpc error: code = \w+ desc = /, '')

const failed = (reason: string, message: string, retryAfterMs: number): StartOutcome => ({
  ok: false,
  failure: { reason, message },
  retryAfterMs,
})
