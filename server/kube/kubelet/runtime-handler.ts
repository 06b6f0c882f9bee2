// How the runtime shall run a pod. Upstream: pkg/kubelet/runtimeclass, pkg/kubelet/userns.

import type { Pod } from 'kubernetes-types/core/v1'
import type { ApiObjects } from './api-objects.ts'

export async function runtimeHandlerOf({ spec }: Pod, objects: ApiObjects): Promise<string> {
  const { runtimeClassName: name } = spec ?? {}
  const handler = name ? (await objects.runtimeClass(name)).handler : ''
  // Docker's engine maps all its containers in one way or none.
  if (spec?.hostUsers === false) throw new Error(`RuntimeHandler "${handler}" does not support user namespaces`)
  return handler
}
