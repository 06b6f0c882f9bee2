// Recognises that a container's definition changed since it was made. Only what may change in a running pod counts,
// so that a newer kubelet with more fields does not restart the world. Upstream: HashContainer (name and image).

import type { ContainerSpec } from './pod-runtime-state.ts'

export function hashOfContainer(container: Pick<ContainerSpec, 'name' | 'image'>): string {
  const text = JSON.stringify({ name: container.name, image: container.image })
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0
  return hash.toString(16)
}
