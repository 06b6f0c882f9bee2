// Where a load balancer answers, as whoever runs it tells in a status. Upstream: pkg/apis/networking/validation
// ValidateIngressLoadBalancerStatus, pkg/apis/core/validation ValidateLoadBalancerStatus.

import { oneOf, problemsAt } from '../../apimachinery/field-checks.ts'
import { addressProblems, isIP } from '../../apimachinery/ip-rules.ts'
import { dnsSubdomainProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'

interface Point {
  ip?: string
  hostname?: string
  ipMode?: string
}
export interface Balancer {
  ingress?: Point[]
}

const AT = 'status.loadBalancer.ingress'
const MODES = ['Proxy', 'VIP']

export function balancerErrors(next: Balancer = {}, previous: Balancer = {}): FieldError[] {
  const known = (previous.ingress ?? []).map(({ ip }) => ip)
  return (next.ingress ?? []).flatMap((point, index) => [
    ...addressErrors(point, `${AT}[${index}].ip`, known),
    ...hostErrors(point, `${AT}[${index}].hostname`),
  ])
}

export function serviceBalancerErrors(isBalanced: boolean, next: Balancer = {}, previous: Balancer = {}): FieldError[] {
  const { ingress = [] } = next
  if (!isBalanced && ingress.length > 0) {
    return [fieldError.forbidden(AT, "may only be used when `spec.type` is 'LoadBalancer'")]
  }
  const known = (previous.ingress ?? []).map(({ ip }) => ip)
  return ingress.flatMap((point, index) => [
    ...addressErrors(point, `${AT}[${index}].ip`, known),
    ...modeErrors(point, `${AT}[${index}].ipMode`),
    ...hostErrors(point, `${AT}[${index}].hostname`),
  ])
}

const addressErrors = ({ ip }: Point, at: string, known: readonly (string | undefined)[]): FieldError[] =>
  !ip || known.includes(ip) ? [] : problemsAt(at, ip, addressProblems(ip))

function modeErrors({ ip, ipMode }: Point, at: string): FieldError[] {
  if (ipMode === undefined) return ip ? [fieldError.required(at, 'must be specified when `ip` is set')] : []
  return ip ? oneOf(at, ipMode, MODES) : [fieldError.forbidden(at, 'may not be specified when `ip` is not set')]
}

function hostErrors({ hostname }: Point, at: string): FieldError[] {
  if (!hostname) return []
  const errors = problemsAt(at, hostname, dnsSubdomainProblems(hostname))
  return isIP(hostname)
    ? [...errors, fieldError.invalid(at, hostname, 'must be a DNS name, not an IP address')]
    : errors
}
