// Priority classes for what the system runs on, and the range that Services get addresses from.
// Upstream: kubernetes/pkg/registry/scheduling/rest, pkg/controlplane/controller/defaultservicecidr.

import type { KubeObject } from '../../apimachinery/object-meta.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { PriorityClass, ServiceCIDR } from '../../kinds/index.ts'
import { SYSTEM_PRIORITY_CLASSES } from '../../kinds/priority-class.ts'
import type { Hook } from '../post-start-hooks.ts'
import { createOnce, type SystemPart } from './part.ts'

const RANGE = 'kubernetes'

export const priorityClasses = (): SystemPart =>
  part(['scheduling/bootstrap-system-priority-classes'], PriorityClass, SYSTEM_PRIORITY_CLASSES)

export const serviceRange = ({ serviceClusterIpRange }: { serviceClusterIpRange: string }): SystemPart =>
  part(['start-kubernetes-service-cidr-controller'], ServiceCIDR, [
    { metadata: { name: RANGE }, spec: { cidrs: serviceClusterIpRange.split(',') } } as KubeObject,
  ])

const part = (hooks: readonly Hook[], kind: AnyKind, wanted: readonly KubeObject[]): SystemPart => ({
  hooks,
  isComplete: (peek) => wanted.every(({ metadata }) => peek(kind, '', metadata?.name ?? '') !== undefined),
  async ensure(client, peek) {
    await Promise.all(wanted.map((object) => createOnce(client, peek, { kind, object })))
  },
})
