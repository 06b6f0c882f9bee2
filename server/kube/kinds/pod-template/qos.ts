// The quality of service a pod gets, from what its containers ask for, or the pod as a whole.
// Upstream: kubernetes/pkg/apis/core/v1/helper/qos.

import type { PodSpec } from 'kubernetes-types/core/v1'
import { parseQuantity } from '../../apimachinery/quantity.ts'
import type { PodSpec as FullSpec } from './newer-fields.ts'

export function qosClassOf(spec: PodSpec | undefined): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const whole = (spec as FullSpec | undefined)?.resources
  const isToldAsWhole = Object.keys({ ...whole?.requests, ...whole?.limits }).length > 0
  const parts = isToldAsWhole ? [{ resources: whole }] : [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]
  let asksAnything = false
  let isGuaranteed = true
  for (const { resources } of parts) {
    for (const name of ['cpu', 'memory']) {
      const request = amount(resources?.requests?.[name])
      const limit = amount(resources?.limits?.[name])
      if (request > 0n || limit > 0n) asksAnything = true
      if (limit === 0n || request !== limit) isGuaranteed = false
    }
  }
  if (!asksAnything) return 'BestEffort'
  return isGuaranteed ? 'Guaranteed' : 'Burstable'
}

const amount = (text: string | undefined) => (text === undefined ? 0n : (parseQuantity(text)?.nanos ?? 0n))
