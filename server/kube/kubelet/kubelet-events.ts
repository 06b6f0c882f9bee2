// What the kubelet tells about pods and its node, as `kubectl describe` shows it. The port; see
// client/event-recorder.ts for how events get to the API.

import type { PersistentVolumeClaim, Pod } from 'kubernetes-types/core/v1'

export interface KubeletEvents {
  /** `fieldPath` names the container: `spec.containers{web}`. `annotations`: what of it programs want to know. */
  pod(
    pod: Pod,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    fieldPath?: string,
    annotations?: Record<string, string>,
  ): void
  claim(claim: PersistentVolumeClaim, type: 'Normal' | 'Warning', reason: string, message: string): void
  node(type: 'Normal' | 'Warning', reason: string, message: string): void
}

export function fieldPathOf(role: 'init' | 'sidecar' | 'regular' | 'ephemeral', name: string): string {
  const list = role === 'regular' ? 'containers' : role === 'ephemeral' ? 'ephemeralContainers' : 'initContainers'
  return `spec.${list}{${name}}`
}
