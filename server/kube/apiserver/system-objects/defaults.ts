// Priority classes for what the system runs on, and the range that Services get addresses from.
// Upstream: kubernetes/pkg/registry/scheduling/rest, pkg/controlplane/controller/defaultservicecidr.

import { PriorityClass, ServiceCIDR } from '../../kinds/index.ts'
import { SYSTEM_PRIORITY_CLASSES } from '../../kinds/priority-class.ts'
import { createOnce, type SystemPart } from './part.ts'

const RANGE = 'kubernetes'

export function defaults({ serviceClusterIpRange }: { serviceClusterIpRange: string }): SystemPart {
  const wanted = [
    ...SYSTEM_PRIORITY_CLASSES.map((object) => ({ kind: PriorityClass, object })),
    { kind: ServiceCIDR, object: { metadata: { name: RANGE }, spec: { cidrs: serviceClusterIpRange.split(',') } } },
  ]
  return {
    isComplete: (peek) => wanted.every(({ kind, object }) => peek(kind, '', object.metadata.name) !== undefined),
    async ensure(client, peek) {
      await Promise.all(wanted.map((one) => createOnce(client, peek, one)))
    },
  }
}
