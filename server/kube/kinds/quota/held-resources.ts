// What a pod has while some of its containers are resized: of each, the most of what it wishes for, was granted and has. A wish
// that can never be granted does not count. Upstream: k8s.io/component-helpers/resource/helpers.go (UseStatusResources).

import type { Container, Pod, PodSpec } from 'kubernetes-types/core/v1'
import { amountsOf, asTexts, largest } from './amounts.ts'

/** The pod's spec, with what its containers have in place of what they ask for. */
export function heldSpec(pod: Pod): PodSpec | undefined {
  const { spec, status } = pod
  const told = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]
  if (!spec || !told.some(({ resources }) => resources)) return spec
  const isInVain = status?.conditions?.some(
    ({ type, reason }) => type === 'PodResizePending' && reason === 'Infeasible',
  )
  const held = (container: Container): Container => {
    const { resources, allocatedResources } = told.find(({ name }) => name === container.name) ?? {}
    if (!resources) return container
    const wished = isInVain ? {} : container.resources
    const most = (...lists: (Record<string, string> | undefined)[]) =>
      asTexts(lists.map((list) => amountsOf(list)).reduce(largest))
    const requests = most(wished?.requests, resources.requests, allocatedResources)
    return { ...container, resources: { requests, limits: most(wished?.limits, resources.limits) } }
  }
  return {
    ...spec,
    containers: spec.containers.map(held),
    ...(spec.initContainers ? { initContainers: spec.initContainers.map(held) } : {}),
  }
}
