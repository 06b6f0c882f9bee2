// A pod on a node is changed only in ways that its node declares that it can follow.
// Upstream: kubernetes/plugin/pkg/admission/nodedeclaredfeatures.

import type { Pod } from 'kubernetes-types/core/v1'
import { Node } from '../../kinds/index.ts'
import { lackingOn, neededToChange } from '../../kinds/placement/declared-features.ts'
import { type AdmissionPlugin, refusal } from './admission.ts'

export const nodeDeclaredFeatures: AdmissionPlugin = {
  name: 'NodeDeclaredFeatureValidator',
  handles: ({ operation, kind, subresource }) =>
    operation === 'UPDATE' && kind.kind === 'Pod' && (subresource === '' || subresource === 'resize'),
  validate(request, reader) {
    const [pod, before] = [request.object, request.previous] as Pod[]
    const nodeName = pod?.spec?.nodeName
    // Whose generation stays has the spec that it had.
    if (!before || !nodeName || before.metadata?.generation === pod.metadata?.generation) return
    const needed = neededToChange(before, pod)
    if (needed.length === 0) return
    const node = reader.find(Node, '', nodeName)
    if (!node) throw refusal(request, `node "${nodeName}" not found`)
    const lacking = lackingOn(node, needed).join(', ')
    if (!lacking) return
    throw refusal(request, `pod update requires features ${lacking} which are not available on node "${nodeName}"`)
  },
}
