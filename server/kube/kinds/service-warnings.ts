// Fields of a Service that are ignored, or will be, and addresses in an unusual form. Upstream: pkg/api/service/warnings.go.

import type { Service } from 'kubernetes-types/core/v1'
import { addressWarnings, rangeWarnings } from '../apimachinery/ip-warnings.ts'

export const HINTS = 'service.kubernetes.io/topology-aware-hints'

export function serviceWarnings({ metadata, spec = {} }: Service): string[] {
  const warnings: string[] = []
  const { externalIPs = [], externalName, loadBalancerIP, sessionAffinity, trafficDistribution, type } = spec
  const isHeadless = type === 'ClusterIP' && spec.clusterIP === 'None'
  const isName = type === 'ExternalName'
  if (metadata?.annotations?.[HINTS] !== undefined) {
    warnings.push(`annotation ${HINTS} is deprecated, please use service.kubernetes.io/topology-mode instead`)
  }
  if (!isName)
    warnings.push(
      ...eachOf(
        'clusterIPs',
        (spec.clusterIPs ?? []).filter((ip) => ip !== 'None'),
      ),
    )
  if (isHeadless) {
    if (loadBalancerIP) warnings.push('spec.loadBalancerIP is ignored for headless services')
    if (externalIPs.length > 0) warnings.push('spec.externalIPs is ignored for headless services')
    if (sessionAffinity !== 'None') warnings.push('spec.SessionAffinity is ignored for headless services')
  }
  warnings.push(...eachOf('externalIPs', externalIPs))
  if (externalIPs.length > 0 && !isHeadless && !isName) {
    warnings.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters')
  }
  if (loadBalancerIP) warnings.push(...addressWarnings('spec.loadBalancerIP', loadBalancerIP))
  for (const [index, range] of (spec.loadBalancerSourceRanges ?? []).entries()) {
    warnings.push(...rangeWarnings(`spec.loadBalancerSourceRanges[${index}]`, range))
  }
  if (isName && externalIPs.length > 0) warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"')
  if (!isName && externalName) warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"')
  if (trafficDistribution === 'PreferClose') {
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"')
  }
  return warnings
}

const eachOf = (field: string, addresses: readonly string[]): string[] =>
  addresses.flatMap((address, index) => addressWarnings(`spec.${field}[${index}]`, address))

export const serviceStatusWarnings = ({ status }: Service): string[] =>
  (status?.loadBalancer?.ingress ?? []).flatMap(({ ip = '' }, index) =>
    addressWarnings(`status.loadBalancer.ingress[${index}]`, ip),
  )
