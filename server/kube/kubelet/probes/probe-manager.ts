// Keeps one worker for each probe of each running container; says what they found.
// Upstream: pkg/kubelet/prober/prober_manager.go.

import type { Pod, Probe } from 'kubernetes-types/core/v1'
import type { Clock } from '../../../base/clock.ts'
import type { Counter, Histogram, Metrics } from '../../../base/metrics.ts'
import type { ContainerRuntime, ContainerStatus } from '../../container-runtime/container-runtime.ts'
import type { NodeOs } from '../../node-os/node-os.ts'
import { fieldPathOf, type KubeletEvents } from '../kubelet-events.ts'
import {
  type ContainerRole,
  type ContainerSpec,
  containersOf,
  latestOf,
  type PodRuntimeState,
} from '../pod-runtime-state.ts'
import type { ProbeVerdicts } from '../sync-plan.ts'
import { type ProbeVerdict, ProbeWorker } from './probe-worker.ts'
import { type ProbeAnswer, runProbe } from './run-probe.ts'

const KINDS = ['startup', 'liveness', 'readiness'] as const
type ProbeKind = (typeof KINDS)[number]

const TITLE: Record<ProbeKind, string> = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' }

const RESULT = { success: 'successful', failure: 'failed' } as const

/** Seconds. */
const DURATIONS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export interface ProbeManagerOptions {
  os: NodeOs
  runtime: ContainerRuntime
  events: KubeletEvents
  clock: Clock
  userAgent: string
  nodeIP: string
  metrics: Metrics
  /** A verdict changed: the pod needs another look. */
  onChange(podUid: string): void
}

interface Probed {
  podUid: string
  workers: Map<ProbeKind, ProbeWorker>
}

export class ProbeManager implements ProbeVerdicts {
  readonly #options: ProbeManagerOptions
  readonly #answers: Counter
  readonly #durations: Histogram
  /** By container id. */
  readonly #probed = new Map<string, Probed>()

  constructor(options: ProbeManagerOptions) {
    this.#options = options
    this.#answers = options.metrics.counter(
      'prober_probe_total',
      'Cumulative number of a liveness, readiness or startup probe for a container by result.',
    )
    this.#durations = options.metrics.histogram(
      'prober_probe_duration_seconds',
      'Duration in seconds for a probe response.',
      DURATIONS,
    )
  }

  /** Called at each look at a pod: starts workers for what has begun to run, ends those of what no longer does. */
  observe(pod: Pod, state: PodRuntimeState, options: { terminating: boolean }): void {
    const uid = pod.metadata?.uid ?? ''
    const running = new Set<string>()
    for (const { container, role } of containersOf(pod)) {
      const status = latestOf(state, container.name)
      if (status?.state !== 'running') continue
      running.add(status.id)
      if (options.terminating) this.#stopJudging(status.id)
      else if (!this.#probed.has(status.id)) this.#begin(pod, container, role, status, state)
    }
    for (const [id, probed] of this.#probed) if (probed.podUid === uid && !running.has(id)) this.#end(id)
  }

  forget(podUid: string): void {
    for (const [id, probed] of this.#probed) if (probed.podUid === podUid) this.#end(id)
  }

  liveness(containerId: string): ProbeVerdict {
    return this.#verdict(containerId, 'liveness')
  }

  startup(containerId: string): ProbeVerdict {
    return this.#verdict(containerId, 'startup')
  }

  isReady(containerId: string): boolean | undefined {
    return this.#verdict(containerId, 'readiness') === 'success'
  }

  isStarted(containerId: string): boolean | undefined {
    return this.#verdict(containerId, 'startup') === 'success'
  }

  [Symbol.dispose](): void {
    for (const id of this.#probed.keys()) this.#end(id)
  }

  #verdict(containerId: string, kind: ProbeKind): ProbeVerdict {
    return this.#probed.get(containerId)?.workers.get(kind)?.verdict
  }

  #begin(
    pod: Pod,
    container: ContainerSpec,
    role: ContainerRole,
    status: ContainerStatus,
    state: PodRuntimeState,
  ): void {
    const probes: Record<ProbeKind, Probe | undefined> = {
      startup: container.startupProbe,
      liveness: container.livenessProbe,
      readiness: container.readinessProbe,
    }
    if (role === 'init' || role === 'ephemeral' || !KINDS.some((kind) => probes[kind])) return
    const { os, runtime, events, clock, userAgent, nodeIP, onChange } = this.#options
    const uid = pod.metadata?.uid ?? ''
    const before = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].find(
      ({ containerID }) => containerID?.endsWith(`://${status.id}`),
    )
    const workers = new Map<ProbeKind, ProbeWorker>()
    const sandbox = state.sandboxes.find(({ id }) => id === status.sandboxId)
    const podIP = pod.spec?.hostNetwork ? nodeIP : (sandbox?.ips[0] ?? '')
    const target = { container, containerId: status.id, podIP }
    for (const kind of KINDS) {
      const probe = probes[kind]
      if (!probe) continue
      workers.set(
        kind,
        new ProbeWorker({
          kind,
          probe,
          clock,
          startedAt: status.startedAt,
          // After a restart of the kubelet a container that was ready stays so until a probe says otherwise.
          initial:
            kind === 'liveness' || (kind === 'startup' ? before?.started : before?.ready) ? 'success' : undefined,
          ask: () =>
            this.#counted({ pod, container: container.name, kind }, () =>
              runProbe(probe, target, { os, runtime, userAgent }),
            ),
          mayAsk: () => kind === 'startup' || !probes.startup || workers.get('startup')?.verdict === 'success',
          onAnswer: (answer) => {
            const say = (reason: string, message: string) =>
              events.pod(pod, 'Warning', reason, `${TITLE[kind]} ${message}`, fieldPathOf(role, container.name))
            if (answer.outcome === 'error') {
              say('Unhealthy', `probe errored and resulted in unknown state: ${answer.output}`)
            } else if (answer.outcome === 'failure') say('Unhealthy', `probe failed: ${answer.output}`)
            else if (answer.warning !== undefined) say('ProbeWarning', `probe warning: ${answer.warning}`)
          },
          onVerdict: () => onChange(uid),
        }),
      )
    }
    this.#probed.set(status.id, { podUid: uid, workers })
  }

  async #counted(
    { pod, container, kind }: { pod: Pod; container: string; kind: ProbeKind },
    ask: () => Promise<ProbeAnswer>,
  ): Promise<ProbeAnswer> {
    const { clock } = this.#options
    const { namespace = '', name = '', uid = '' } = pod.metadata ?? {}
    const startedAt = clock.monotonic()
    const answer = await ask()
    // What could not be asked is thrown away.
    if (answer.outcome === 'error') return answer
    const labels = { container, namespace, pod: name, pod_uid: uid, probe_type: TITLE[kind] }
    this.#answers.add({ ...labels, result: RESULT[answer.outcome] })
    const { pod_uid: _, ...shorter } = labels
    if (answer.outcome === 'success') this.#durations.observe(shorter, (clock.monotonic() - startedAt) / 1000)
    return answer
  }

  /** A pod that is going away is no longer restarted, but says until the end whether it is ready. */
  #stopJudging(containerId: string): void {
    const workers = this.#probed.get(containerId)?.workers
    workers?.get('liveness')?.[Symbol.dispose]()
    if (workers?.get('startup')?.verdict !== 'success') workers?.get('startup')?.[Symbol.dispose]()
  }

  #end(containerId: string): void {
    for (const worker of this.#probed.get(containerId)?.workers.values() ?? []) worker[Symbol.dispose]()
    this.#probed.delete(containerId)
  }
}
