// How long pods take from their creation until all their containers are seen to have started, with and without what pulls
// of images and init containers take: the first of each pod only, and of those that were new when this kubelet heard of them.
// Upstream: pkg/kubelet/util/pod_startup_latency_tracker.go.

import type { Pod } from 'kubernetes-types/core/v1'
import type { Clock } from '../../../base/clock.ts'
import type { Histogram, Metrics } from '../../../base/metrics.ts'
import { initRole } from '../pod-runtime-state.ts'
import { STARTUP_BOUNDS } from './bounds.ts'

interface Span {
  from: number
  to: number
}

export class PodStartup {
  readonly #clock: Clock
  readonly #total: Histogram
  readonly #sli: Histogram
  /** What was pulled for each pod that has not started yet. */
  readonly #pulls = new Map<string, Span[]>()

  constructor({ clock, metrics }: { clock: Clock; metrics: Metrics }) {
    this.#clock = clock
    const measured =
      'measured from pod creation timestamp to when all its containers are reported as started and observed via watch'
    this.#total = metrics.histogram(
      'kubelet_pod_start_total_duration_seconds',
      `Duration in seconds to start a pod since creation, including time to pull images and run init containers, ${measured}`,
      STARTUP_BOUNDS,
    )
    this.#sli = metrics.histogram(
      'kubelet_pod_start_sli_duration_seconds',
      `Duration in seconds to start a pod, excluding time to pull images and run init containers, ${measured}`,
      STARTUP_BOUNDS,
    )
  }

  /** As the API shows the pod now. */
  observe(pod: Pod): void {
    const { uid = '', creationTimestamp } = pod.metadata ?? {}
    const { phase, startTime } = pod.status ?? {}
    const pulls = this.#pulls.get(uid)
    if (phase === 'Failed' || phase === 'Succeeded') this.#pulls.delete(uid)
    else if (!pulls) {
      if (!startTime) this.#pulls.set(uid, [])
    } else if (startTime && hasStarted(pod)) {
      this.#pulls.delete(uid)
      const tookMs = this.#clock.now() - Date.parse(creationTimestamp ?? startTime)
      this.#total.observe({}, tookMs / 1000)
      if (!isStateful(pod)) this.#sli.observe({}, (tookMs - covered(pulls) - initMs(pod)) / 1000)
    }
  }

  /** Until it is disposed, an image is pulled for the pod. */
  pulling(podUid: string): Disposable {
    const from = this.#clock.now()
    return { [Symbol.dispose]: () => void this.#pulls.get(podUid)?.push({ from, to: this.#clock.now() }) }
  }

  forget(podUid: string): void {
    this.#pulls.delete(podUid)
  }
}

const hasStarted = ({ status }: Pod) =>
  (status?.containerStatuses ?? []).every(({ state }) => state?.running?.startedAt)

/** It has a volume that outlives it, or might. */
const isStateful = ({ spec }: Pod) =>
  (spec?.volumes ?? []).some(
    ({ secret, configMap, downwardAPI, emptyDir, projected }) =>
      !(secret || configMap || downwardAPI || emptyDir || projected),
  )

/** What two pulls share counts once. */
function covered(spans: readonly Span[]): number {
  let [sum, end] = [0, Number.NEGATIVE_INFINITY]
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    sum += Math.max(0, to - Math.max(from, end))
    end = Math.max(end, to)
  }
  return sum
}

function initMs({ spec, status }: Pod): number {
  const inits = (spec?.initContainers ?? []).filter((one) => initRole(one) === 'init').map(({ name }) => name)
  const ended = (status?.initContainerStatuses ?? []).filter(({ name }) => inits.includes(name))
  return ended.reduce((sum, { state }) => {
    const { startedAt, finishedAt } = state?.terminated ?? {}
    return startedAt && finishedAt ? sum + Date.parse(finishedAt) - Date.parse(startedAt) : sum
  }, 0)
}
