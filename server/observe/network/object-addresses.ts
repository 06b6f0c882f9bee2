// Addresses that objects say they have, and how one writes them.

import type { Node, Pod, Service } from 'kubernetes-types/core/v1'

/** One of each family. */
export function addressesOfPod({ status }: Pod): string[] {
  const { podIP = '', podIPs = [{ ip: podIP }] } = status ?? {}
  return podIPs.flatMap(({ ip }) => ip || [])
}

export const clusterIPsOf = ({ spec }: Pick<Service, 'spec'>): string[] => spec?.clusterIPs ?? [spec?.clusterIP ?? '']

/** The first address of each range of its Pods: an overlay's end has it. */
export const podRangesOf = (node: Node): string[] => podCidrsOf(node).flatMap((cidr) => cidr.split('/')[0] || [])

export const podCidrsOf = ({ spec }: Node): string[] => (spec?.podCIDRs ?? [spec?.podCIDR ?? '']).filter(Boolean)

/** Its bridge's. */
export const nextTo = (first: string): string =>
  first.replace(/::$/, '::1').replace(/\.(\d+)$/, (_, last) => `.${Number(last) + 1}`)

/** As it is written before a path. */
export const withPort = (ip: string, port: number): string => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)
