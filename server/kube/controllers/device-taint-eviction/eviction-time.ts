// When whoever uses a claim has to leave its devices, because of taints that their driver put on them.
// Upstream: kubernetes/pkg/controller/devicetainteviction, claimEvictionTime.

import type { AllocatedDevice, Claim, Device, DeviceTaint, Slice } from '../../kinds/devices/device-objects.ts'
import { toleratesDeviceTaint } from '../../kinds/devices/device-tolerations.ts'

export const NO_EXECUTE = 'NoExecute'

export const poolOf = ({ driver, pool }: Pick<AllocatedDevice, 'driver' | 'pool'>): string => `${driver}/${pool}`

/** The soonest; undefined when nothing drives anybody off. */
export function evictionTime(claim: Claim, slicesOf: (pool: string) => readonly Slice[]): number | undefined {
  const times = (claim.status?.allocation?.devices?.results ?? []).flatMap((device) =>
    (deviceIn(slicesOf(poolOf(device)), device.device)?.taints ?? [])
      .filter(({ effect }) => effect === NO_EXECUTE)
      .map((taint) => Date.parse(taint.timeAdded ?? '') + toleratedMs(device, taint)),
  )
  const soonest = Math.min(...times)
  return soonest < Number.POSITIVE_INFINITY ? soonest : undefined
}

/** What older slices of the pool say is over. */
function deviceIn(slices: readonly Slice[], name: string): Device | undefined {
  const newest = Math.max(...slices.map(({ spec }) => spec?.pool?.generation ?? 0))
  return slices
    .filter(({ spec }) => (spec?.pool?.generation ?? 0) === newest)
    .flatMap(({ spec }) => spec?.devices ?? [])
    .find((device) => device.name === name)
}

/** Of several tolerations the shortest counts, unless one is for ever; those for every effect say nothing here, as upstream. */
function toleratedMs({ tolerations = [] }: AllocatedDevice, taint: DeviceTaint): number {
  const fitting = tolerations.filter((one) => one.effect === NO_EXECUTE && toleratesDeviceTaint(one, taint))
  const seconds = fitting.map(({ tolerationSeconds }) => tolerationSeconds)
  if (seconds.includes(undefined)) return Number.POSITIVE_INFINITY
  return seconds.length === 0 ? 0 : Math.max(0, Math.min(...seconds.map(Number))) * 1000
}
