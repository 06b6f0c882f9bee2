// Who may mean what lies in another namespace: those whom a ReferenceGrant there names.

import { GROUP, type ReferenceGrantObject } from './gateway-kinds.ts'

export function isGranted(
  grants: readonly ReferenceGrantObject[],
  from: { kind: 'HTTPRoute' | 'Gateway'; namespace: string },
  to: { kind: 'Service' | 'Secret'; namespace: string; name: string },
): boolean {
  if (from.namespace === to.namespace) return true
  return grants.some(
    ({ metadata, spec }) =>
      metadata?.namespace === to.namespace &&
      spec.from.some((one) => one.group === GROUP && one.kind === from.kind && one.namespace === from.namespace) &&
      spec.to.some((one) => one.group === '' && one.kind === to.kind && (one.name || to.name) === to.name),
  )
}
