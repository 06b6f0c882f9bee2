// What the requests of a claim come to: each has one wish or several, of which the first that can be had counts.

import { keyOf } from '../../apimachinery/object-meta.ts'
import type { Claim, Class, DeviceRequest, DeviceTaint, Wish } from '../../kinds/devices/device-objects.ts'
import { toleratesDeviceTaint } from '../../kinds/devices/device-tolerations.ts'
import type { Offer } from './pools.ts'

export interface NamedWish {
  /** `gpu`, or `gpu/large` where it is one of several. */
  name: string
  /** `gpu`. */
  request: string
  wish: Wish
  adminAccess: boolean
  class: Class
  count: number
  /** Where all there are is asked for. */
  all?: readonly Offer[]
}

/** With the names of its alternatives as results have them. */
export function wishesOf({ name = '', exactly, firstAvailable = [] }: DeviceRequest) {
  return exactly
    ? [{ name, request: name, wish: exactly, adminAccess: exactly.adminAccess ?? false }]
    : firstAvailable.map((wish) => ({ name: `${name}/${wish.name}`, request: name, wish, adminAccess: false }))
}

export const requestsOf = ({ spec }: Claim): readonly DeviceRequest[] => spec?.devices?.requests ?? []

export const inClaim = (claim: Claim, request: string) => `claim ${keyOf(claim)}, request ${request}`

/** The effects that are known keep who does not tolerate them away; others mean nothing yet. */
export function isKeptAway(taints: readonly DeviceTaint[], { tolerations = [] }: Wish): boolean {
  return taints.some(
    (taint) =>
      (taint.effect === 'NoSchedule' || taint.effect === 'NoExecute') &&
      !tolerations.some((toleration) => toleratesDeviceTaint(toleration, taint)),
  )
}
