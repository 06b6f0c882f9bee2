// One item of a LimitRange against what somebody asks for, in upstream's sentences.
// Upstream: kubernetes/plugin/pkg/admission/limitranger/admission.go minConstraint and its neighbours.

import type { LimitRangeItem } from 'kubernetes-types/core/v1'
import { type Quantity, quantityOf } from '../../apimachinery/quantity.ts'
import type { Amounts } from '../../kinds/quota/amounts.ts'

export interface Asked {
  requests: Amounts
  /** Absent for what has requests only: then a maximum is one of requests. */
  limits?: Amounts
}

export function limitProblems({ type, min, max, maxLimitRequestRatio }: LimitRangeItem, asked: Asked): string[] {
  return [
    ...each(min, (name, bound) => minProblem(name, bound, asked, type)),
    ...each(max, (name, bound) => maxProblem(name, bound, asked, type)),
    ...each(maxLimitRequestRatio, (name, bound) => ratioProblem(name, bound, asked, type)),
  ]
}

function each(
  bounds: Record<string, string> = {},
  of: (name: string, bound: Quantity) => string | undefined,
): string[] {
  return Object.keys(bounds)
    .sort()
    .flatMap((name) => of(name, quantityOf(bounds[name])) ?? [])
}

function minProblem(name: string, bound: Quantity, { requests, limits = {} }: Asked, type: string) {
  const intro = `minimum ${name} usage per ${type} is ${bound}`
  const [request, limit] = [requests[name], limits[name]]
  if (!request) return `${intro}.  No request is specified`
  if (request.compare(bound) < 0) return `${intro}, but request is ${request}`
  return limit && limit.compare(bound) < 0 ? `${intro}, but limit is ${limit}` : undefined
}

function maxProblem(name: string, bound: Quantity, { requests, limits }: Asked, type: string) {
  const intro = `maximum ${name} usage per ${type} is ${bound}`
  const [request, limit] = [requests[name], limits?.[name]]
  if (limits && !limit) return `${intro}.  No limit is specified`
  if (limit && limit.compare(bound) > 0) return `${intro}, but limit is ${limit}`
  if (!limits && !request) return `${intro}.  No request is specified`
  return request && request.compare(bound) > 0 ? `${intro}, but request is ${request}` : undefined
}

function ratioProblem(name: string, bound: Quantity, { requests, limits = {} }: Asked, type: string) {
  const intro = `${name} max limit to request ratio per ${type} is ${bound}, but`
  const [request, limit] = [requests[name], limits[name]]
  if (!request || request.nanos === 0n) return `${intro} no request is specified or request is 0`
  if (!limit || limit.nanos === 0n) return `${intro} no limit is specified or limit is 0`
  const ratio = limit.number / request.number
  return ratio > bound.number ? `${intro} provided ratio is ${ratio.toFixed(6)}` : undefined
}
