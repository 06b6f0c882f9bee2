// Since when the world has been other than the endpoints of a Service say, for those who measure how long it takes until
// packets go another way: told on Endpoints and slices that are written because of it. Of several changes the first counts.
// Upstream: k8s.io/endpointslice/trigger_time_tracker.go.

import type { Pod, Service } from 'kubernetes-types/core/v1'
import { keyOf } from '../apimachinery/object-meta.ts'
import { podCondition } from './pod-state.ts'

const LAST_CHANGE = 'endpoints.kubernetes.io/last-change-trigger-time'

interface Seen {
  service: string
  /** By pods' names. */
  pods: Map<string, string>
}

export class ChangeTimes {
  readonly #seen = new Map<string, Seen>()

  /** The first change since the last call, as pods and Service tell their times; undefined when none of them does. */
  since(service: Service, pods: readonly Pod[]): string | undefined {
    const key = keyOf(service)
    const before = this.#seen.get(key)
    const now: Seen = { service: service.metadata?.creationTimestamp ?? '', pods: new Map() }
    this.#seen.set(key, now)
    const changes: string[] = []
    for (const pod of pods) {
      const name = pod.metadata?.name ?? ''
      const time = podCondition(pod, 'Ready')?.lastTransitionTime
      if (!time) continue
      now.pods.set(name, time)
      if (time > (before?.pods.get(name) ?? '')) changes.push(time)
    }
    if (!before) return now.service || undefined
    if (now.service > before.service) changes.push(now.service)
    return changes.sort()[0]
  }

  forget(key: string): void {
    this.#seen.delete(key)
  }
}

/** With the time in them; without one, the last one told is taken out. */
export function withChangeTime(annotations: Readonly<Record<string, string>> | undefined, time: string | undefined) {
  const { [LAST_CHANGE]: _, ...others } = annotations ?? {}
  return time ? { ...others, [LAST_CHANGE]: time } : others
}
