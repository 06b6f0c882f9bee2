// Guaranteed, Burstable or BestEffort: from requests and limits alone. Upstream: pkg/apis/core/v1/helper/qos.

import type { Pod } from 'kubernetes-types/core/v1'

const COUNTED = ['cpu', 'memory'] as const

export function qosClassOf(pod: Pod): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]
  const asked = containers.some(({ resources }) =>
    COUNTED.some((name) => resources?.requests?.[name] !== undefined || resources?.limits?.[name] !== undefined),
  )
  if (!asked) return 'BestEffort'
  const guaranteed = containers.every(({ resources }) =>
    COUNTED.every((name) => {
      const limit = resources?.limits?.[name]
      const request = resources?.requests?.[name] ?? limit
      return limit !== undefined && String(limit) === String(request)
    }),
  )
  return guaranteed ? 'Guaranteed' : 'Burstable'
}
