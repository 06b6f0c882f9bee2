// What is counted of pods' statuses: containers that have ended, and how long the API takes to hear of what is new.
// Upstream: pkg/kubelet/status/status_manager.go.

import type { ContainerStatus, PodStatus } from 'kubernetes-types/core/v1'
import type { Counter, Metrics, Series } from '../../../base/metrics.ts'

const BOUNDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 20, 30, 45, 60]

export class StatusCounts {
  readonly #ended: Counter
  readonly #told: Series

  constructor(metrics: Metrics) {
    this.#ended = metrics.counter('kubelet_terminated_containers_total', 'Cumulative number of container terminations.')
    const help =
      'Duration in seconds to sync a pod status update. Measures time from detection of a change to pod status until the API is successfully updated for that pod, even if multiple intevening changes to pod status occur.'
    this.#told = metrics.histogram('kubelet_pod_status_sync_duration_seconds', help, BOUNDS).of({})
  }

  changed(before: PodStatus | undefined, after: PodStatus): void {
    this.#countEnded('init_container', before?.initContainerStatuses, after.initContainerStatuses)
    this.#countEnded('container', before?.containerStatuses, after.containerStatuses)
    this.#countEnded('ephemeral_container', before?.ephemeralContainerStatuses, after.ephemeralContainerStatuses)
  }

  told(afterMs: number): void {
    this.#told.observe(afterMs / 1000)
  }

  #countEnded(type: string, before: readonly ContainerStatus[] = [], after: readonly ContainerStatus[] = []): void {
    for (const { name, state } of after) {
      const ended = state?.terminated
      if (!ended || before.find((one) => one.name === name)?.state?.terminated) continue
      this.#ended.add({ container_type: type, exit_code: String(ended.exitCode), reason: ended.reason ?? '' })
    }
  }
}
