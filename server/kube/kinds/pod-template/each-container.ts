// All containers of a pod, whatever they are for, with where they are. Upstream: pkg/apis/core/pods VisitContainersWithPath.

import type { Container, PodSpec } from './newer-fields.ts'

export function eachContainer<T>(
  spec: PodSpec,
  at: string,
  visit: (container: Container, here: string) => readonly T[],
): T[] {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
    (spec[list] ?? []).flatMap((container, index) => [...visit(container as Container, `${at}.${list}[${index}]`)]),
  )
}
