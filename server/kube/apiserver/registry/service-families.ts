// Which address families a Service has: what its policy, its families and its addresses say together, in a cluster that
// has one family or two. Mutates the Service's spec. Upstream: initIPFamilyFields in
// kubernetes/pkg/registry/core/service/storage/alloc.go.

import type { ServiceSpec } from 'kubernetes-types/core/v1'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { addressErrors } from '../../kinds/service-rules.ts'
import { familyOf, type IpFamily } from './ip-range.ts'

const POLICY = 'spec.ipFamilyPolicy'
const TWO = "must be 'RequireDualStack' or 'PreferDualStack' when multiple"
const RELEASE = "must be 'SingleStack' to release the secondary"

/** `configured`: those that the cluster gives addresses of, its own first. */
export function settleFamilies(
  spec: ServiceSpec,
  before: ServiceSpec | undefined,
  configured: readonly IpFamily[],
): FieldError[] {
  if (spec.type === 'ExternalName' || (before && isLeft(spec, before))) return []
  const isHeadless = spec.clusterIPs?.[0] === 'None' || spec.clusterIP === 'None'
  const hasSelector = Object.keys(spec.selector ?? {}).length > 0
  // Without a selector somebody else names the endpoints, of whatever family.
  const isFree = isHeadless && !hasSelector
  spec.ipFamilyPolicy ??= before?.ipFamilyPolicy ?? (isFree ? 'RequireDualStack' : 'SingleStack')
  const malformed = addressErrors(spec, before)
  if (malformed.length > 0) return malformed
  const policy = spec.ipFamilyPolicy
  const errors = before ? release(spec, before) : []
  if (policy === 'SingleStack') {
    if (spec.clusterIPs?.length === 2)
      errors.push(fieldError.invalid(POLICY, policy, `${TWO} cluster IPs are specified`))
    if (spec.ipFamilies?.length === 2)
      errors.push(fieldError.invalid(POLICY, policy, `${TWO} IP families are specified`))
  }
  const families = [...(spec.ipFamilies ?? [])] as IpFamily[]
  if (!isHeadless) {
    for (const [index, address] of (spec.clusterIPs ?? []).entries()) {
      const family = familyOf(address)
      if (index < families.length || address === '') continue
      if (configured.includes(family)) families.push(family)
      else {
        const why = `${family} is not configured on this cluster`
        errors.push(fieldError.invalid(`spec.clusterIPs[${index}]`, spec.clusterIPs, why))
      }
    }
  }
  if (errors.length > 0) return errors
  const [main = 'IPv4'] = configured
  if (!isFree) {
    if (policy === 'RequireDualStack' && configured.length < 2) {
      errors.push(fieldError.invalid(POLICY, policy, 'this cluster is not configured for dual-stack services'))
    }
    for (const [index, family] of families.entries()) {
      if (configured.includes(family)) continue
      errors.push(fieldError.invalid(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster'))
    }
    if (errors.length > 0) return errors
  }
  if (families.length === 0) families.push(main)
  if (policy !== 'SingleStack' && families.length === 1 && (isFree || configured.length === 2)) {
    families.push(families[0] === 'IPv4' ? 'IPv6' : 'IPv4')
  }
  spec.ipFamilies = families
  return []
}

/** Who prefers two has as many as the cluster had then, until something is said of them. */
export const isLeft = (spec: ServiceSpec, before: ServiceSpec) =>
  spec.type === before.type &&
  spec.ipFamilyPolicy === 'PreferDualStack' &&
  (before.ipFamilyPolicy ?? 'PreferDualStack') === 'PreferDualStack' &&
  isSame(spec.clusterIPs, before.clusterIPs) &&
  isSame(spec.ipFamilies, before.ipFamilies)

/** Who asks for a single stack, and changes nothing else, gives the second address back; no other way leads there. */
function release(spec: ServiceSpec, before: ServiceSpec): FieldError[] {
  if (spec.ipFamilyPolicy === 'SingleStack') {
    if (isSame(spec.clusterIPs, before.clusterIPs)) spec.clusterIPs = spec.clusterIPs?.slice(0, 1) ?? []
    if (isSame(spec.ipFamilies, before.ipFamilies)) spec.ipFamilies = spec.ipFamilies?.slice(0, 1) ?? []
    return []
  }
  const errors: FieldError[] = []
  const isReduced = (now: string[] = [], then: string[] = []) =>
    now.length > 0 && now.length < then.length && now.every((one, at) => one === then[at])
  if (isReduced(spec.clusterIPs, before.clusterIPs)) {
    errors.push(fieldError.invalid(POLICY, spec.ipFamilyPolicy, `${RELEASE} cluster IP`))
  }
  if (isReduced(spec.ipFamilies, before.ipFamilies)) {
    errors.push(fieldError.invalid(POLICY, spec.ipFamilyPolicy, `${RELEASE} IP family`))
  }
  return errors
}

const isSame = (some: string[] = [], others: string[] = []) =>
  some.length === others.length && some.every((one, at) => one === others[at])
