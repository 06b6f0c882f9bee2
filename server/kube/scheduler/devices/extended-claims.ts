// The claim of a pod whose containers ask for devices as amounts. It differs from node to node, as some have an amount of
// their own, and is made when the node is chosen. What an earlier attempt left behind is taken away first.
// Upstream: plugins/dynamicresources/extendeddynamicresources.go.

import type { Pod } from 'kubernetes-types/core/v1'
import type { Allocation, Claim } from '../../kinds/devices/device-objects.ts'
import { devicesFor, extendedClaimFor, type RequestMapping } from '../../kinds/devices/extended-resources.ts'
import { podResources } from '../../kinds/placement/pod-resources.ts'
import type { NodeInfo } from '../node-info.ts'
import type { DeviceView } from './device-view.ts'

export interface Promised {
  claim: Claim
  allocation: Allocation
  /** Of the claim that is not made yet. */
  mappings?: RequestMapping[]
}

export interface Extended {
  /** By resource, the class that serves it. */
  served: ReadonlyMap<string, string>
  stale: Claim | undefined
  made?: Claim
}

export function extendedBy(pod: Pod, devices: DeviceView): Extended {
  const served = new Map<string, string>()
  for (const [resource, amount] of podResources(pod).requests) {
    const name = amount > 0 ? devices.classServing(resource) : undefined
    if (name) served.set(resource, name)
  }
  return { served, stale: served.size > 0 ? devices.extendedClaimOf(pod) : undefined }
}

/** Undefined where the node has all of it. */
export function extendedOn({ allocatable }: NodeInfo, pod: Pod, { served }: Extended) {
  const here = new Map([...served].filter(([resource]) => allocatable.get(resource) === 0))
  if (here.size === 0) return undefined
  const { requests, mappings } = devicesFor(pod, here)
  const claim = extendedClaimFor(pod, requests)
  // Until it is made it is known by its pod.
  const metadata = { ...claim.metadata, name: '<extended-resources>', uid: `extended:${pod.metadata?.uid}` }
  return { claim: { ...claim, metadata }, mappings }
}

/** What was made is taken away again when it does not come to a binding. */
export async function bindExtended(
  extended: Extended,
  pod: Pod,
  promised: readonly Promised[],
  devices: DeviceView,
): Promise<Claim | undefined> {
  const one = promised.find(({ mappings }) => mappings)
  if (!one?.mappings) return undefined
  extended.made = await devices.make(extendedClaimFor(pod, one.claim.spec?.devices?.requests ?? []))
  const bound = await devices.bind(extended.made, pod, one.allocation)
  devices.takeBack(one.claim)
  await devices.tellPod(pod, bound, one.mappings)
  return bound
}
