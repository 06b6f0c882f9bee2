// Stops containers: preStop within the grace period, SIGTERM, what is left of the grace period, SIGKILL.
// Upstream: kuberuntime_container.go, killContainer.

import type { Pod } from 'kubernetes-types/core/v1'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { ContainerRuntime, ContainerStatus } from '../container-runtime/container-runtime.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import { fieldPathOf, type KubeletEvents } from './kubelet-events.ts'
import { runHook } from './lifecycle-hooks.ts'
import {
  type ContainerRole,
  type ContainerSpec,
  containersOf,
  isAlive,
  type PodRuntimeState,
} from './pod-runtime-state.ts'

/** Even who asks for none gets this much after SIGTERM, unless the pod is deleted by force. */
const MINIMUM_GRACE_SECONDS = 2

export interface PodKillerOptions {
  runtime: ContainerRuntime
  os: NodeOs
  events: KubeletEvents
  clock: Clock
  logger: Logger
  hookAgent: string
}

export class PodKiller {
  readonly #options: PodKillerOptions

  constructor(options: PodKillerOptions) {
    this.#options = options
  }

  async killPod(pod: Pod, state: PodRuntimeState, graceSeconds: number): Promise<void> {
    const known = containersOf(pod)
    const alive = state.containers.filter(isAlive).map((status) => {
      const spec = known.find(({ container }) => container.name === status.name)
      return { status, role: spec?.role ?? ('regular' as const), container: spec?.container }
    })
    // Sidecars serve to the end: they go after the others, the last one started first. Their hooks run at once, and
    // the grace period is one for all.
    const order = (name: string) => known.findIndex(({ container }) => container.name === name)
    const others = alive.filter(({ role }) => role !== 'sidecar')
    const sidecars = alive.filter(({ role }) => role === 'sidecar')
    const ended: Promise<void>[] = others.map((one) => this.kill(pod, one.status, { ...one, graceSeconds }))
    for (const one of sidecars.sort((a, b) => order(b.status.name) - order(a.status.name))) {
      const turn = Promise.allSettled([...ended])
      ended.push(this.kill(pod, one.status, { ...one, graceSeconds, turn }))
    }
    await Promise.all(ended)
    for (const sandbox of state.sandboxes) await this.#options.runtime.stopPodSandbox(sandbox.id)
  }

  async kill(
    pod: Pod,
    status: ContainerStatus,
    how: {
      graceSeconds: number
      role: ContainerRole
      container?: ContainerSpec | undefined
      message?: string
      turn?: Promise<unknown>
    },
  ): Promise<void> {
    const { runtime, events, clock, logger } = this.#options
    const fieldPath = fieldPathOf(how.role, status.name)
    events.pod(pod, 'Normal', 'Killing', how.message ?? `Stopping container ${status.name}`, fieldPath)
    const startedAt = clock.monotonic()
    const handler = how.container?.lifecycle?.preStop
    if (handler && how.graceSeconds > 0 && how.container) {
      const input = {
        handler,
        pod,
        container: how.container,
        containerId: status.id,
        podIP: pod.status?.podIP ?? '',
        timeoutMs: how.graceSeconds * 1000,
      }
      await withTimeout(runHook(input, this.#options), input.timeoutMs, clock).catch((err: unknown) => {
        logger.warn('PreStop hook failed', { container: status.id, err })
        // What it printed may be a secret. One that takes too long is cut short without a word.
        if (!(err instanceof HookTimeout)) {
          events.pod(pod, 'Warning', 'FailedPreStopHook', 'PreStopHook failed', fieldPath)
        }
      })
    }
    if (how.graceSeconds > 0) await how.turn
    const left = how.graceSeconds - (clock.monotonic() - startedAt) / 1000
    const seconds = how.graceSeconds === 0 ? 0 : Math.max(MINIMUM_GRACE_SECONDS, Math.ceil(left))
    try {
      await runtime.stopContainer(status.id, seconds)
    } catch (err) {
      logger.warn('container did not stop', { container: status.id, err })
      throw err
    }
  }
}

class HookTimeout extends Error {}

async function withTimeout<T>(work: Promise<T>, timeoutMs: number, clock: Clock): Promise<T> {
  const stop = new AbortController()
  const timeout = clock.sleep(timeoutMs, stop.signal).then(() => {
    throw new HookTimeout()
  })
  timeout.catch(() => undefined)
  try {
    return await Promise.race([work, timeout])
  } finally {
    stop.abort(new Error('done'))
  }
}
