// A pod stays on a node that is not ready or unreachable for five minutes, unless it says otherwise.
// Upstream: kubernetes/plugin/pkg/admission/defaulttolerationseconds.

import type { Pod, Toleration } from 'kubernetes-types/core/v1'
import type { AdmissionPlugin } from './admission.ts'

const SECONDS = 300
const TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  handles: ({ operation, kind, subresource }) =>
    (operation === 'CREATE' || operation === 'UPDATE') && kind.kind === 'Pod' && subresource === '',
  mutate({ object }) {
    const { spec } = object as Pod
    if (!spec) return
    for (const key of TAINTS) {
      if (spec.tolerations?.some((toleration) => tolerates(toleration, key))) continue
      spec.tolerations = [
        ...(spec.tolerations ?? []),
        { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: SECONDS },
      ]
    }
  },
}

const tolerates = ({ key, effect }: Toleration, taint: string) =>
  (key === taint || !key) && (effect === 'NoExecute' || !effect)
