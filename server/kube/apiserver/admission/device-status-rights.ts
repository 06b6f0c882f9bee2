// The status of a claim is written by several: who is allocated and who may use it is the scheduler's business, how devices
// are is their driver's, each of its own ones and, unless it may more, on its own node. The right to write the status is not
// enough for either. Upstream keeps this check in the registry of claims: kubernetes/pkg/registry/resource/utils.go
// (AuthorizedForBinding, AuthorizedForDeviceStatus).

import { deepEqual } from '../../apimachinery/deep.ts'
import { type FieldError, fieldError, invalid } from '../../apimachinery/status-error.ts'
import type { Allocation, Claim, DeviceStatus } from '../../kinds/devices/device-objects.ts'
import { ResourceClaim } from '../../kinds/resource-claim.ts'
import { type Attributes, authorizeBy, forbiddenError } from '../authorization/authorizer.ts'
import type { Authorization } from '../authorization/index.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'

const NODE_NAME = 'authentication.kubernetes.io/node-name'

export const deviceStatusRights = ({ chain }: Pick<Authorization, 'chain'>): AdmissionPlugin => {
  /** Why none of the verbs is allowed, in the words of the first. */
  const whyNot = async ({ user }: AdmissionRequest, verbs: string[], about: Partial<Attributes>) => {
    const refusals: string[] = []
    for (const verb of verbs) {
      const what = {
        group: ResourceClaim.group,
        resource: ResourceClaim.plural,
        subresource: '',
        namespace: '',
        name: '',
      }
      const attributes = { isResource: true, path: '', verb, ...what, ...about }
      const { decision, reason } = await authorizeBy(chain, user, attributes)
      if (decision === 'allow') return undefined
      refusals.push(forbiddenError(user, attributes, reason).message)
    }
    return refusals[0]
  }
  return {
    name: 'DeviceStatusRights',
    handles: ({ operation, kind, subresource }) =>
      operation === 'UPDATE' && kind === ResourceClaim && subresource === 'status',
    async validate(request) {
      const [next, previous] = [(request.object as Claim).status ?? {}, (request.previous as Claim).status ?? {}]
      const errors: FieldError[] = []
      const isBound = (['allocation', 'reservedFor'] as const).some(
        (field) => !deepEqual(next[field] ?? [], previous[field] ?? []),
      )
      if (isBound) {
        const why = await whyNot(request, [request.verb], { subresource: 'binding' })
        const words = `changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", verb="${request.verb}" permission: ${why}`
        if (why) errors.push(fieldError.forbidden('status', words))
      }
      const prefixes = isAtHome(request, next.allocation) ? ['associated-node', 'arbitrary-node'] : ['arbitrary-node']
      const verbs = prefixes.map((prefix) => `${prefix}:${request.verb}`)
      for (const name of changedDrivers(next, previous)) {
        const why = await whyNot(request, verbs, { subresource: 'driver', namespace: request.namespace, name })
        const words = `changing status.devices requires resource="resourceclaims/driver", verb="[${verbs.join(' ')}]" permission: ${why}`
        if (why) errors.push(fieldError.forbidden('status.devices', words))
      }
      if (errors.length > 0) throw invalid(request.kind, request.name, errors)
    },
  }
}

/** What goes with its allocation is not its driver's business. */
export function changedDrivers(next: Claim['status'] & {}, previous: Claim['status'] & {}): string[] {
  const idOf = ({ driver, pool, device, shareID = '' }: DeviceStatus) => JSON.stringify([driver, pool, device, shareID])
  const isAllocated = ({ driver, pool, device }: DeviceStatus) =>
    next.allocation?.devices?.results?.some(
      (one) => one.driver === driver && one.pool === pool && one.device === device,
    ) ?? false
  const before = new Map(previous.devices?.map((device) => [idOf(device), device]))
  const now = new Map(next.devices?.map((device) => [idOf(device), device]))
  const changed = [...now].filter(([id, device]) => !deepEqual(device, before.get(id))).map(([, device]) => device)
  const gone = [...before].filter(([id, device]) => !now.has(id) && isAllocated(device)).map(([, device]) => device)
  return [...new Set([...changed, ...gone].map(({ driver }) => driver))].sort()
}

/** A service account whose token is of the only node that the claim can be used on. */
function isAtHome({ user }: AdmissionRequest, allocation: Allocation | undefined): boolean {
  const [term, ...others] = allocation?.nodeSelector?.nodeSelectorTerms ?? []
  const [field, ...more] = term?.matchFields ?? []
  if (!field || others.length > 0 || more.length > 0 || term?.matchExpressions?.length) return false
  const isOne = field.key === 'metadata.name' && field.operator === 'In' && field.values?.length === 1
  const nodes = user.extra?.[NODE_NAME] ?? []
  const isAccount = user.name.startsWith('system:serviceaccount:')
  return isOne && isAccount && nodes.length === 1 && nodes[0] === field.values?.[0]
}
