// What keeps a machine from running out of things, put together: who observes, who collects images, who ends pods.

import type { Pod } from 'kubernetes-types/core/v1'
import type { Clock } from '../../../base/clock.ts'
import type { Logger } from '../../../base/logger.ts'
import type { Metrics } from '../../../base/metrics.ts'
import type { ContainerRuntime } from '../../container-runtime/container-runtime.ts'
import type { Volume } from '../../kinds/pod-template/newer-fields.ts'
import type { MachineInfo, NodeOs } from '../../node-os/node-os.ts'
import { ImageCollector } from '../image-collector.ts'
import type { KubeletConfiguration } from '../kubelet-configuration.ts'
import type { KubeletEvents } from '../kubelet-events.ts'
import type { PodWorker } from '../pod-worker.ts'
import type { PulledImages } from '../pulled-images.ts'
import { EvictionManager } from './eviction-manager.ts'
import { measurePods, observeMachine } from './machine-usage.ts'

export interface NodePressureOptions {
  configuration: KubeletConfiguration
  workers: ReadonlyMap<string, PodWorker>
  /** Of this node, running. */
  pods(): readonly Pod[]
  onChange(): void
  runtime: ContainerRuntime
  os: NodeOs
  machine: MachineInfo
  rootDir: string
  events: KubeletEvents
  clock: Clock
  logger: Logger
  metrics: Metrics
  pulled: PulledImages
  stop: AbortSignal
}

/** Somebody who does not end must not keep others from being ended. */
const PATIENCE_MS = 30_000

export function nodePressure(options: NodePressureOptions): { eviction: EvictionManager; run(): Promise<unknown> } {
  const { workers, runtime, clock, stop } = options
  const references = () =>
    [...workers.values()].flatMap(({ pod }) =>
      ((pod.spec?.volumes ?? []) as Volume[]).flatMap(({ image }) => image?.reference ?? []),
    )
  const images = new ImageCollector({ ...options, references })
  const eviction = new EvictionManager({
    ...options,
    observe: () => observeMachine(options),
    measure: (pods, short) => measurePods(options, pods, short),
    async reclaim(resource) {
      if (resource !== 'ephemeral-storage' && resource !== 'inodes') return
      for (const { id, podUid, state } of await runtime.listContainers()) {
        if (state === 'exited' && (workers.get(podUid)?.isOver ?? true)) await runtime.removeContainer(id)
      }
      await images.removeUnused()
    },
    async evict(pod, { message, graceSeconds, isForPressure }) {
      const worker = workers.get(pod.metadata?.uid ?? '')
      const condition = { type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message }
      worker?.end({ reason: 'Evicted', message, ...(isForPressure ? { condition } : {}) }, graceSeconds)
      const giveUpAt = clock.monotonic() + PATIENCE_MS
      while (worker && !worker.isOver && clock.monotonic() < giveUpAt && !stop.aborted) {
        await clock.sleep(1_000, stop).catch(() => undefined)
      }
    },
  })
  return { eviction, run: () => Promise.all([eviction.run(stop), images.run(stop)]) }
}
