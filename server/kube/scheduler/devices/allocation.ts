// An allocation as the claim's status has it: which device for which request, how drivers are to set them up, and on which
// nodes they can be used.

import { randomUUID } from 'node:crypto'
import type { NodeSelector, NodeSelectorRequirement } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import type { AllocatedDevice, Allocation, Claim } from '../../kinds/devices/device-objects.ts'
import type { Offer } from './pools.ts'
import type { Share } from './shared-capacity.ts'
import { type NamedWish, requestsOf } from './wishes.ts'

export interface Taken {
  wish: NamedWish
  offer: Offer
  /** Of a device that others may have as well. */
  share?: Share
}

/** `chosen`: of each request the wish that was granted. */
export function allocationOf(
  claim: Claim,
  chosen: readonly NamedWish[],
  taken: readonly Taken[],
  node: string,
): Allocation {
  const config = configOf(claim, chosen)
  const nodeSelector = whereUsable(
    taken.map(({ offer }) => offer),
    node,
  )
  return {
    devices: {
      results: taken.map(resultOf),
      ...(config.length > 0 ? { config } : {}),
    },
    ...(nodeSelector ? { nodeSelector } : {}),
  }
}

function resultOf({ wish, offer: { driver, pool, device }, share }: Taken): AllocatedDevice {
  const { tolerations } = wish.wish
  const { bindingConditions, bindingFailureConditions } = device
  return {
    request: wish.name,
    driver,
    pool,
    device: device.name ?? '',
    ...(wish.adminAccess ? { adminAccess: true } : {}),
    ...(tolerations?.length ? { tolerations } : {}),
    ...(bindingConditions?.length ? { bindingConditions } : {}),
    ...(bindingFailureConditions?.length ? { bindingFailureConditions } : {}),
    ...(share ? { shareID: randomUUID(), ...consumptionOf(share) } : {}),
  }
}

function consumptionOf(share: Share): Pick<AllocatedDevice, 'consumedCapacity'> {
  if (share.size === 0) return {}
  return { consumedCapacity: Object.fromEntries([...share].map(([name, amount]) => [name, amount.toString()])) }
}

type AllocatedConfig = NonNullable<NonNullable<Allocation['devices']>['config']>

/** Those of classes first, each once; what is for all requests names none. */
function configOf(claim: Claim, chosen: readonly NamedWish[]): AllocatedConfig {
  const requests = requestsOf(claim)
  const isOf = (names: readonly string[], { request, name }: NamedWish) =>
    names.includes(request) || names.includes(name)
  const byClass = Map.groupBy(chosen, ({ class: { metadata } }) => metadata?.name)
  const ofClasses = [...byClass.values()].flatMap((wishes) =>
    (wishes[0]?.class.spec?.config ?? []).map((one) => ({
      source: 'FromClass' as const,
      ...one,
      requests: wishes.map(({ name }) => name),
    })),
  )
  const ofClaim = (claim.spec?.devices?.config ?? [])
    .filter(({ requests: names = [] }) => names.length === 0 || chosen.some((wish) => isOf(names, wish)))
    .map((one) => ({ source: 'FromClaim' as const, ...one }))
  return [...ofClasses, ...ofClaim].map(({ requests: names = [], ...rest }) => {
    const isForAll = names.length === 0 || requests.every((_, at) => chosen[at] && isOf(names, chosen[at]))
    return isForAll ? rest : { ...rest, requests: names }
  })
}

/** One node where any device is of one, or stays with it; else what all their selectors ask for; undefined for everywhere. */
function whereUsable(offers: readonly Offer[], node: string): NodeSelector | undefined {
  const matchFields: NodeSelectorRequirement[] = []
  const matchExpressions: NodeSelectorRequirement[] = []
  for (const { place, device } of offers) {
    const home = device.bindsToNode ? node : place.nodeName
    if (home) {
      const only = { key: 'metadata.name', operator: 'In', values: [home] }
      return { nodeSelectorTerms: [{ matchFields: [only] }] }
    }
    const [term] = place.nodeSelector?.nodeSelectorTerms ?? []
    addNew(matchFields, term?.matchFields)
    addNew(matchExpressions, term?.matchExpressions)
  }
  if (matchFields.length + matchExpressions.length === 0) return undefined
  const term = {
    ...(matchFields.length > 0 ? { matchFields } : {}),
    ...(matchExpressions.length > 0 ? { matchExpressions } : {}),
  }
  return { nodeSelectorTerms: [term] }
}

function addNew(to: NodeSelectorRequirement[], from: readonly NodeSelectorRequirement[] = []): void {
  const plain = ({ key, operator, values = [] }: NodeSelectorRequirement) => ({
    key,
    operator,
    values: [...values].sort(),
  })
  for (const one of from) if (!to.some((other) => deepEqual(plain(other), plain(one)))) to.push(one)
}
