// Devices that have to be made ready, attached to a node for one, before a pod may be bound to them: their driver says so by
// conditions in the claim's status. Upstream: plugins/dynamicresources, isClaimReadyForBinding.

import type { Condition } from 'kubernetes-types/meta/v1'
import type { AllocatedDevice, Claim } from '../../kinds/devices/device-objects.ts'

/** As long as upstream waits unless told. */
export const BINDING_PATIENCE_MS = 600_000

const resultsOf = ({ status }: Claim): readonly AllocatedDevice[] => status?.allocation?.devices?.results ?? []

export const hasBindingConditions = (claim: Claim): boolean =>
  resultsOf(claim).some(({ bindingConditions }) => bindingConditions?.length)

export class BindingFailed extends Error {}

/** Throws where a device says that it will never be ready. */
export function isReadyToBind(claim: Claim): boolean {
  if (!claim.status?.allocation) return false
  return resultsOf(claim).every((result) => {
    const { bindingConditions: wanted = [], bindingFailureConditions: failing = [] } = result
    if (wanted.length === 0) return true
    const conditions = conditionsOf(claim, result)
    const failed = conditions.find(({ type, status }) => failing.includes(type) && status === 'True')
    if (failed) {
      const { reason, message } = failed
      const name = claim.metadata?.name
      throw new BindingFailed(`claim ${name} binding failed: reason=${reason}, message=${JSON.stringify(message)}`)
    }
    return wanted.every((type) => conditions.some((one) => one.type === type && one.status === 'True'))
  })
}

const conditionsOf = ({ status }: Claim, { driver, pool, device }: AllocatedDevice): readonly Condition[] =>
  status?.devices?.find((one) => one.driver === driver && one.pool === pool && one.device === device)?.conditions ?? []

export function isOverdue(claim: Claim, now: number): boolean {
  const since = Date.parse(claim.status?.allocation?.allocationTimestamp ?? '')
  return hasBindingConditions(claim) && since + BINDING_PATIENCE_MS < now
}

/** Its devices will not be ready any more: it may get others. */
export function isStuck(claim: Claim, now: number): boolean {
  try {
    return hasBindingConditions(claim) && !isReadyToBind(claim) && isOverdue(claim, now)
  } catch (err) {
    if (err instanceof BindingFailed) return true
    throw err
  }
}
