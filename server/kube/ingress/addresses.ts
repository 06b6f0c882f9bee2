import type { Service } from 'kubernetes-types/core/v1'

/** By which a Service is reached from outside; as ingress-nginx tells them: a cluster's own where nobody gave others. */
export function addressesOf({ spec, status }: Service = {}): string[] {
  const given = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip ? [ip] : []))
  const addresses = given.length > 0 ? given : (spec?.externalIPs ?? [spec?.clusterIP ?? ''])
  return addresses.filter(Boolean)
}
