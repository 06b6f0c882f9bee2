// One look at one pod: read what is, say it, and do the next things that bring it nearer to its spec.
// Every step can be interrupted and done again. Upstream: kubelet.go (syncPod, SyncTerminatingPod, SyncTerminatedPod)
// and kuberuntime_manager.go (SyncPod).

import type { Pod } from 'kubernetes-types/core/v1'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { ContainerRuntime, PodSandbox, PodSandboxConfig } from '../container-runtime/container-runtime.ts'
import { POD_NAME, POD_NAMESPACE, POD_UID } from '../container-runtime/labels.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import { cgroupOf } from './container-config.ts'
import { hashOfContainer } from './container-hash.ts'
import type { ContainerStarter, StartRequest } from './container-starter.ts'
import type { StartFailure } from './container-statuses.ts'
import { hostnameOf } from './etc-files.ts'
import type { KubeletEvents } from './kubelet-events.ts'
import type { PodCgroups } from './pod-cgroups.ts'
import type { Verdict } from './pod-conditions.ts'
import type { PodKiller } from './pod-killer.ts'
import { PodNeeds } from './pod-needs.ts'
import { type Granted, mayUseLessMemory, refusedByUsage, resizeOf } from './pod-resize.ts'
import { containersOf, isAlive, latestOf, type PodRuntimeState, readRuntimeState } from './pod-runtime-state.ts'
import { podStatusOf } from './pod-status.ts'
import type { ProbeManager } from './probes/probe-manager.ts'
import { type ResizeMemory, tellDone, tellGranted } from './resize-events.ts'
import { type DnsSettings, NO_CLUSTER_DNS, resolvConfOf } from './resolv-conf.ts'
import { mayRestartAll } from './restart-policy.ts'
import type { StartTurns } from './start-turns.ts'
import type { StatusWriter } from './status-writer.ts'
import { type ContainerToStart, planSync, type SyncPlan } from './sync-plan.ts'
import type { PodCounts } from './telemetry/pod-counts.ts'
import type { MountedVolumes, VolumeManager } from './volumes/volume-manager.ts'

export interface PodSyncOptions {
  runtime: ContainerRuntime
  turns: StartTurns
  os: NodeOs
  starter: ContainerStarter
  killer: PodKiller
  volumes: VolumeManager
  cgroups: PodCgroups
  probes: ProbeManager
  statuses: StatusWriter
  counts: PodCounts
  events: KubeletEvents
  clock: Clock
  logger: Logger
  random(): number
  nodeIPs: readonly string[]
  rootDir: string
  dns(): DnsSettings
  /** Why pods cannot get addresses; undefined when they can. */
  networkError(): string | undefined
  /** What the pod gets of what it wishes to use. */
  grant(pod: Pod): Granted
  runtimeName: string
  /** Rejects when the devices of the pod's claims cannot be had here. */
  prepareDevices(pod: Pod): Promise<void>
  /** By the pod's RuntimeClass; empty is the runtime's own way. Rejects when there is no such class. */
  runtimeHandler(pod: Pod): Promise<string>
}

/** What a worker remembers of its pod between looks; all of it may be lost without harm. */
export interface PodMemory extends ResizeMemory {
  /** When the kubelet first heard of it. */
  seenAt: number
  failures: Map<string, StartFailure>
  /** Not before then is a container tried again that could not be started, however often something wakes the pod. */
  retries: Map<string, { at: number; definition: string }>
  /** The same of its sandbox: the tries themselves make the runtime tell of changes, and wake the pod. */
  sandboxNotBefore?: number | undefined
  /** Set when the kubelet itself decided that the pod is over. */
  verdict?: { reason: string; message: string; condition?: Verdict; isRejection?: boolean }
  isRestartingAll?: boolean
  /** Since when a volume has been waited for that others are to attach. */
  volumesAwaitedSince?: number | undefined
}

export interface SyncResult {
  /** The pod's containers are over for good. */
  finished: boolean
  /** Look again after so long, if nothing happens before. */
  againAfterMs?: number
}

const VOLUME_REFRESH_MS = 60_000
const NETWORK_RETRY_MS = 5_000
const RESIZE_RETRY_MS = 10_000
const ATTACHED_LOOK_MS = 500
const SANDBOX_TOLD_MS = 1_000
/** And up to half as much more. */
const SANDBOX_RETRY_MS = 10_000

export class PodSync {
  readonly #options: PodSyncOptions
  readonly #needs: PodNeeds

  constructor(options: PodSyncOptions) {
    this.#options = options
    this.#needs = new PodNeeds(options)
  }

  /**
   * Rejects with the reason of `until` when that is told while the pod still waits to be started. `isAwaited`: another look
   * follows at once.
   */
  async sync(
    wished: Pod,
    memory: PodMemory,
    { until, isAwaited }: { until: AbortSignal; isAwaited: () => boolean },
  ): Promise<SyncResult> {
    const { runtime, probes } = this.#options
    const { pod, pending, isGranted } = this.#options.grant(wished)
    const say = (type: 'Normal' | 'Warning', reason: string, message: string) =>
      this.#options.events.pod(pod, type, reason, message)
    memory.pending = pending
    tellGranted(say, memory, { wished, isGranted })
    const uid = pod.metadata?.uid ?? ''
    let state = await readRuntimeState(runtime, uid)
    probes.observe(pod, state, { terminating: false })
    this.#forgetOldFailures(memory, state)
    this.#say(pod, state, memory, false)

    const deadlineMs = this.#deadlineMs(pod)
    if (deadlineMs !== undefined && deadlineMs <= 0) {
      const message = 'Pod was active on the node longer than the specified deadline'
      this.#options.events.pod(pod, 'Normal', 'DeadlineExceeded', message)
      memory.verdict = { reason: 'DeadlineExceeded', message }
      return { finished: true }
    }
    const plan = planSync(pod, state, probes)
    if (!plan.restartAll) memory.isRestartingAll = false
    if (plan.finished) return { finished: true }
    const waits = deadlineMs === undefined ? [] : [deadlineMs]

    const networkError = pod.spec?.hostNetwork ? undefined : this.#options.networkError()
    if (networkError !== undefined && plan.createSandbox) {
      this.#options.events.pod(pod, 'Warning', 'NetworkNotReady', `network is not ready: ${networkError}`)
      return { finished: false, againAfterMs: NETWORK_RETRY_MS }
    }
    if (plan.restartAll) {
      memory.isRestartingAll = true
      this.#say(pod, state, memory, false)
      await this.#clear(pod, state, plan.restartAll.id)
      return { finished: false, againAfterMs: 0 }
    }
    if (plan.killPod) state = await this.#replaceSandbox(pod, state, plan)
    for (const { status, container, role, message, graceSeconds } of plan.kill) {
      await this.#options.killer.kill(pod, status, { graceSeconds, role, container, message })
    }
    if (!(await this.#resize(pod, plan, memory)) || pending) waits.push(RESIZE_RETRY_MS)
    if (plan.start.length > 0 || plan.createSandbox) {
      waits.push(...(await this.#bringUp(pod, memory, plan, state, until)))
    } else if (this.#options.volumes.hasLive(pod)) await this.#refreshVolumes(pod, state)

    // What nobody has touched is as it was read; whatever happens to it besides wakes the pod again. Who is awake by then,
    // most often because a container of his has started, sees it at his next look.
    if (touches(plan)) {
      if (isAwaited()) return { finished: false }
      state = await readRuntimeState(runtime, uid)
      probes.observe(pod, state, { terminating: false })
    }
    tellDone(say, memory, { pod, isUnderWay: isResizing(pod, state) })
    this.#say(pod, state, memory, false)
    if (this.#options.volumes.hasLive(pod)) waits.push(VOLUME_REFRESH_MS)
    return { finished: false, ...(waits.length > 0 ? { againAfterMs: Math.min(...waits) } : {}) }
  }

  /** False when the runtime would not have it so; it is asked again. */
  async #resize(pod: Pod, plan: SyncPlan, memory: PodMemory): Promise<boolean> {
    const { cgroups, runtime } = this.#options
    try {
      if (plan.resize.some(mayUseLessMemory)) {
        const refused = refusedByUsage(plan.resize, await runtime.stats())
        if (refused) throw new Error(refused)
      }
      // What grows needs room in the pod's group before, what shrinks can be taken from it only after.
      if (plan.resize.length > 0) await cgroups.ensure(pod)
      for (const { status, container } of plan.resize) {
        await runtime.updateContainerResources(status.id, cgroupOf(container))
      }
      if (plan.resize.length > 0) await cgroups.ensure(pod)
      memory.resizeError = undefined
      return true
    } catch (err) {
      memory.resizeError = err instanceof Error ? err.message : String(err)
      return false
    }
  }

  /** Stops everything of a pod that is deleted or over. */
  async terminate(pod: Pod, memory: PodMemory, graceSeconds: number): Promise<void> {
    const { runtime, killer, probes } = this.#options
    const uid = pod.metadata?.uid ?? ''
    const state = await readRuntimeState(runtime, uid)
    probes.observe(pod, state, { terminating: true })
    this.#say(pod, state, memory, false)
    await killer.killPod(pod, state, graceSeconds)
    probes.forget(uid)
    this.#say(pod, await readRuntimeState(runtime, uid), memory, true)
  }

  /** Frees what a pod without running containers still holds; its containers stay, for their logs. */
  async cleanUp(podUid: string): Promise<void> {
    await this.#options.volumes.unmount(podUid)
    this.#options.starter.forget(podUid)
  }

  /** Nobody will ask about the pod again. */
  async destroy(podUid: string): Promise<void> {
    const { runtime, volumes, os, rootDir, probes, starter, statuses } = this.#options
    probes.forget(podUid)
    starter.forget(podUid)
    statuses.forget(podUid)
    const { containers, sandboxes } = await readRuntimeState(runtime, podUid)
    for (const { id } of containers) await runtime.removeContainer(id)
    for (const { id } of sandboxes) await runtime.removePodSandbox(id)
    await volumes.unmount(podUid)
    await this.#options.cgroups.remove(podUid)
    await os.remove(`${rootDir}/pods/${podUid}`)
  }

  /** Our own last word is newer than what the API's copy may show yet. */
  #asKnown(pod: Pod): Pod {
    const known = this.#options.statuses.get(pod.metadata?.uid ?? '')
    return known ? { ...pod, status: { ...pod.status, ...known, conditions: mergeConditions(pod, known) } } : pod
  }

  #say(pod: Pod, state: PodRuntimeState, memory: PodMemory, terminal: boolean): void {
    const { statuses, counts, probes, clock, nodeIPs, runtimeName } = this.#options
    const current = this.#asKnown(pod)
    const status = podStatusOf({
      pod: current,
      state,
      failures: memory.failures,
      terminal,
      isRestartingAll: memory.isRestartingAll === true,
      runtimeName,
      isReady: (id) => probes.isReady(id),
      isStarted: (id) => probes.isStarted(id),
      now: clock.now(),
      nodeIPs,
      verdict: memory.verdict,
      resize: ownVerdicts(pod, state, memory),
    })
    const before = statuses.get(pod.metadata?.uid ?? '')?.phase
    if (before === 'Pending' && status.phase === 'Running') counts.running(memory.seenAt)
    statuses.set(pod, status)
  }

  async #replaceSandbox(pod: Pod, state: PodRuntimeState, plan: SyncPlan): Promise<PodRuntimeState> {
    const { events, killer, runtime } = this.#options
    if (state.sandboxes.length === 0) return state
    if (plan.createSandbox) {
      events.pod(pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.')
    }
    await killer.killPod(pod, state, Number(pod.spec?.terminationGracePeriodSeconds ?? 30))
    const after = await readRuntimeState(runtime, pod.metadata?.uid ?? '')
    // The last instance of each container is kept for its logs; a sandbox is kept as long as one lives in it.
    for (const sandbox of after.sandboxes.slice(1)) {
      if (after.containers.some(({ sandboxId }) => sandboxId === sandbox.id)) continue
      await runtime.removePodSandbox(sandbox.id)
    }
    return after
  }

  /** Ends and forgets all containers but the one that made it so, and that one last: whoever goes on from here sees why. */
  async #clear(pod: Pod, state: PodRuntimeState, triggerId: string): Promise<void> {
    const { runtime, killer } = this.#options
    const roles = new Map(containersOf(pod).map(({ container, role }) => [container.name, role]))
    const all = state.containers.filter(({ name }) => roles.get(name) !== 'ephemeral')
    const alive = all.filter(isAlive)
    // Nobody's hooks are run: the pod goes on.
    await Promise.all(
      alive.map((status) => killer.kill(pod, status, { graceSeconds: 0, role: roles.get(status.name) ?? 'regular' })),
    )
    for (const { id } of all) if (id !== triggerId) await runtime.removeContainer(id)
    await runtime.removeContainer(triggerId)
  }

  /** Volumes, sandbox, containers, in this order. Returns when to look again for what could not be started. */
  async #bringUp(
    pod: Pod,
    memory: PodMemory,
    plan: SyncPlan,
    state: PodRuntimeState,
    until: AbortSignal,
  ): Promise<number[]> {
    const { clock } = this.#options
    const waitMs = plan.sandbox ? 0 : (memory.sandboxNotBefore ?? 0) - clock.monotonic()
    if (waitMs > 0) return [waitMs]
    using turn = plan.sandbox ? undefined : await this.#options.turns.take('sandbox', until)
    const prepared = await this.#prepare(pod, memory, plan)
    if ('againAfterMs' in prepared) return [prepared.againAfterMs]
    const { sandbox, volumes } = prepared
    const isNew = sandbox !== plan.sandbox
    using told = new DisposableStack()
    // What takes no longer than that is told at its end.
    if (isNew) {
      const present = { ...state, sandboxes: [sandbox, ...state.sandboxes] }
      told.use(clock.setTimeout(() => this.#say(pod, present, memory, false), SANDBOX_TOLD_MS))
    }
    const where = { state, sandbox, volumes, until, ...(turn && { turn }) }
    // Containers start side by side, but what comes after one with a hook waits until that has been run.
    let hooked: Promise<unknown> = Promise.resolve()
    const starts = plan.start.map((one) => {
      const start = hooked.then(() => {
        until.throwIfAborted()
        return this.#startOne(pod, memory, one, where)
      })
      if (one.container.lifecycle?.postStart) hooked = start.catch(() => undefined)
      return start
    })
    // Whoever ends the pod next has to know of each that has begun.
    await Promise.allSettled(starts)
    return (await Promise.all(starts)).flat()
  }

  /** What containers need to be there before them, or when to try again to have it. */
  async #prepare(
    pod: Pod,
    memory: PodMemory,
    plan: SyncPlan,
  ): Promise<{ sandbox: PodSandbox; volumes: MountedVolumes } | { againAfterMs: number }> {
    const { os, rootDir, nodeIPs } = this.#options
    const resolvConf = resolvConfOf(pod, this.#options.dns())
    await os.writeFile(`${rootDir}/pods/${pod.metadata?.uid}/resolv.conf`, resolvConf.text, { mode: 0o644 })
    const volumes = await this.#needs.mount(pod, memory, { podIPs: plan.sandbox?.ips ?? [], hostIPs: nodeIPs })
    if (!volumes) return { againAfterMs: ATTACHED_LOOK_MS }
    if (plan.sandbox) return { sandbox: plan.sandbox, volumes }
    await this.#needs.prepareDevices(pod)
    this.#tellOfNames(pod, resolvConf.warnings)
    try {
      const sandbox = await this.#options.counts.start(() => this.#runSandbox(pod, plan.attempt))
      memory.sandboxNotBefore = undefined
      return { sandbox, volumes }
    } catch (err) {
      return { againAfterMs: this.#noteNoSandbox(pod, memory, err) }
    }
  }

  #tellOfNames(pod: Pod, warnings: ReturnType<typeof resolvConfOf>['warnings']): void {
    const { events } = this.#options
    for (const { reason, message } of warnings) {
      if (reason === 'MissingClusterDNS') events.node('Warning', reason, NO_CLUSTER_DNS)
      events.pod(pod, 'Warning', reason, message)
    }
  }

  /** Returns how long it is to be left alone. */
  #noteNoSandbox(pod: Pod, memory: PodMemory, err: unknown): number {
    const { events, clock, logger, random } = this.#options
    const message = err instanceof Error ? err.message : String(err)
    events.pod(pod, 'Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${message}`)
    logger.warn('no sandbox, will be tried again', { pod: pod.metadata?.name, err })
    const waitMs = SANDBOX_RETRY_MS * (1 + 0.5 * random())
    memory.sandboxNotBefore = clock.monotonic() + waitMs
    return waitMs
  }

  async #startOne(
    pod: Pod,
    memory: PodMemory,
    what: ContainerToStart,
    where: Omit<StartRequest, 'pod' | keyof ContainerToStart>,
  ): Promise<number[]> {
    const { name } = what.container
    const { clock, starter } = this.#options
    const definition = hashOfContainer(what.container)
    const waits = memory.retries.get(name)
    // A definition that was mended is tried at once.
    if (waits && waits.definition === definition && clock.monotonic() < waits.at) return [waits.at - clock.monotonic()]
    const outcome = await starter.start({ ...what, ...where, pod: this.#asKnown(pod) })
    if (outcome.ok) {
      memory.failures.delete(name)
      memory.retries.delete(name)
      return []
    }
    memory.failures.set(name, outcome.failure)
    memory.retries.set(name, { at: clock.monotonic() + outcome.retryAfterMs, definition })
    return [outcome.retryAfterMs]
  }

  async #refreshVolumes(pod: Pod, state: PodRuntimeState): Promise<void> {
    const podIPs = state.sandboxes[0]?.ips ?? []
    await this.#options.volumes.refresh(pod, { podIPs, hostIPs: this.#options.nodeIPs }).catch((err: unknown) => {
      this.#options.logger.warn('volumes were not refreshed', { pod: pod.metadata?.name, err })
    })
  }

  async #runSandbox(pod: Pod, attempt: number): Promise<PodSandbox> {
    const { name = '', namespace = '', uid = '', labels = {}, annotations = {} } = pod.metadata ?? {}
    const config: PodSandboxConfig = {
      name,
      namespace,
      uid,
      attempt,
      hostname: hostnameOf(pod, this.#options.dns().clusterDomain),
      labels: { ...labels, [POD_NAME]: name, [POD_NAMESPACE]: namespace, [POD_UID]: uid },
      annotations,
      hostNetwork: pod.spec?.hostNetwork ?? false,
      hostIpc: pod.spec?.hostIPC ?? false,
      hostPid: pod.spec?.hostPID ?? false,
      privileged: containersOf(pod).some(({ container }) => container.securityContext?.privileged === true),
      runtimeHandler: await this.#options.runtimeHandler(pod),
      shareProcessNamespace: pod.spec?.shareProcessNamespace ?? false,
      portMappings: (pod.spec?.containers ?? []).flatMap(({ ports = [] }) =>
        ports.flatMap(({ hostPort, containerPort, protocol = 'TCP', hostIP = '' }) =>
          hostPort && !pod.spec?.hostNetwork ? [{ hostPort, containerPort, protocol, hostIP }] : [],
        ),
      ),
      cgroupParent: await this.#options.cgroups.ensure(pod),
      sysctls: Object.fromEntries((pod.spec?.securityContext?.sysctls ?? []).map((one) => [one.name, one.value])),
    }
    return this.#options.runtime.runPodSandbox(config)
  }

  /** A container that runs, or ended well, is no longer held back by what held it back before. */
  #forgetOldFailures(memory: PodMemory, state: PodRuntimeState): void {
    for (const name of memory.failures.keys()) {
      if (state.containers.some((one) => one.name === name && one.state === 'running')) memory.failures.delete(name)
    }
  }

  #deadlineMs(pod: Pod): number | undefined {
    const seconds = pod.spec?.activeDeadlineSeconds
    const start = pod.status?.startTime ?? this.#options.statuses.get(pod.metadata?.uid ?? '')?.startTime
    if (seconds === undefined || !start) return undefined
    return Date.parse(start) + seconds * 1000 - this.#options.clock.now()
  }
}

const touches = ({ createSandbox, killPod, kill, resize, start }: SyncPlan) =>
  createSandbox || killPod || kill.length + resize.length + start.length > 0

const isResizing = (pod: Pod, state: PodRuntimeState) =>
  [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].some((container) => {
    const status = latestOf(state, container.name)
    return status !== undefined && resizeOf(container, status) !== 'none'
  })

function ownVerdicts(pod: Pod, state: PodRuntimeState, memory: PodMemory): Verdict[] {
  const { pending, resizeError, isRestartingAll } = memory
  return [
    ...(mayRestartAll(pod) ? [restartingAll(isRestartingAll === true)] : []),
    ...(pending ? [{ type: 'PodResizePending', status: 'True', ...pending }] : []),
    ...(isResizing(pod, state)
      ? [
          {
            type: 'PodResizeInProgress',
            status: 'True',
            ...(resizeError ? { reason: 'Error', message: resizeError } : {}),
          },
        ]
      : []),
  ]
}

function restartingAll(isUnderWay: boolean): Verdict {
  const type = 'AllContainersRestarting'
  if (!isUnderWay) return { type, status: 'False' }
  const message = 'container exited with restart policy rule'
  return { type, status: 'True', reason: 'RestartAllContainersStarted', message }
}

/** Ours from our last word, those of others from the API. */
function mergeConditions(pod: Pod, known: NonNullable<Pod['status']>) {
  const own = known.conditions ?? []
  const others = (pod.status?.conditions ?? []).filter(({ type }) => !own.some((one) => one.type === type))
  const fresh = own.map((one) => {
    const told = pod.status?.conditions?.find(({ type }) => type === one.type)
    return told?.status === one.status ? told : one
  })
  return [...fresh, ...others]
}
