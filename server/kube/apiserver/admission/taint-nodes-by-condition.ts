// A new node is taken as not ready until it has said otherwise, so that no pod lands on it too early.
// Upstream: kubernetes/plugin/pkg/admission/nodetaint.

import type { Node } from 'kubernetes-types/core/v1'
import type { AdmissionPlugin } from './admission.ts'

const NOT_READY = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }

export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  handles: ({ operation, kind, subresource }) => operation === 'CREATE' && kind.kind === 'Node' && subresource === '',
  mutate({ object }) {
    const node = object as Node
    const taints = node.spec?.taints ?? []
    if (taints.some((taint) => taint.key === NOT_READY.key && taint.effect === NOT_READY.effect)) return
    node.spec = { ...node.spec, taints: [...taints, { ...NOT_READY }] }
  },
}
