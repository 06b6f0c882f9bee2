// What an update may change of a Service. Upstream: pkg/apis/core/validation ValidateServiceUpdate.

import type { ServiceSpec } from 'kubernetes-types/core/v1'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'

const ONCE = 'may not change once set'

export function serviceChangeErrors(next: ServiceSpec, previous: ServiceSpec): FieldError[] {
  return [...addressChanges(next, previous), ...familyChanges(next, previous), ...balancerChanges(next, previous)]
}

const isHeadless = ({ clusterIPs = [] }: ServiceSpec) => clusterIPs.length === 1 && clusterIPs[0] === 'None'
const isAlias = ({ type }: ServiceSpec) => type === 'ExternalName'

/** The second address comes and goes with its family; the first one stays, but for names of elsewhere. */
function addressChanges(next: ServiceSpec, previous: ServiceSpec): FieldError[] {
  if (isAlias(next) || isAlias(previous) || (isHeadless(next) && isHeadless(previous))) return []
  const [now, then] = [next.clusterIPs ?? [], previous.clusterIPs ?? []]
  const at = (index: number) => `spec.clusterIPs[${index}]`
  if (now.length === then.length) {
    return then.flatMap((address, index) => (address === now[index] ? [] : [fieldError.invalid(at(index), now, ONCE)]))
  }
  if (now.length === 0) return [fieldError.invalid(at(0), now, 'primary clusterIP can not be unset')]
  const isMoved = then.length > 0 && now[0] !== then[0]
  return [
    ...(isMoved ? [fieldError.invalid(at(0), now, ONCE)] : []),
    ...(now.length < then.length ? releaseErrors(next, now, 'clusterIP') : []),
  ]
}

function familyChanges(next: ServiceSpec, previous: ServiceSpec): FieldError[] {
  if (isAlias(next) || isAlias(previous) || isHeadless(next) || isHeadless(previous)) return []
  const [now, then] = [next.ipFamilies ?? [], previous.ipFamilies ?? []]
  const field = 'spec.ipFamilies[0]'
  if (now.length === then.length) {
    return then.flatMap((family, index) => (family === now[index] ? [] : [fieldError.invalid(field, now, ONCE)]))
  }
  const isMoved = now.length > 0 && then.length > 0 && now[0] !== then[0]
  return [
    // Upstream shows the addresses here.
    ...(isMoved ? [fieldError.invalid(field, next.clusterIPs ?? null, ONCE)] : []),
    ...(now.length < then.length ? releaseErrors(next, now, 'ipFamily') : []),
  ]
}

function releaseErrors({ ipFamilyPolicy }: ServiceSpec, left: readonly string[], what: string): FieldError[] {
  if (left.length !== 1 || ipFamilyPolicy === 'SingleStack') return []
  const why = `must be set to 'SingleStack' when releasing the secondary ${what}`
  return [fieldError.invalid('spec.ipFamilyPolicy', ipFamilyPolicy ?? null, why)]
}

function balancerChanges(next: ServiceSpec, previous: ServiceSpec): FieldError[] {
  if (next.type !== 'LoadBalancer' || previous.type !== 'LoadBalancer') return []
  const { loadBalancerClass: name, healthCheckNodePort: port = 0 } = next
  const areLocal = [next, previous].every(({ externalTrafficPolicy }) => externalTrafficPolicy === 'Local')
  return [
    ...(name === previous.loadBalancerClass ? [] : [fieldError.invalid('spec.loadBalancerClass', name ?? null, ONCE)]),
    ...(areLocal && port !== (previous.healthCheckNodePort ?? 0)
      ? [fieldError.forbidden('spec.healthCheckNodePort', 'field is immutable')]
      : []),
  ]
}
