// Labels of nodes that are not used any more. Upstream: pkg/api/node/util.go.

import type { NodeSelectorTerm } from 'kubernetes-types/core/v1'
import { ownOf } from '../../apimachinery/own.ts'

const NODE_LABELS: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'app.kubernetes.io/created-by': 'deprecated since v1.9',
  'scheduler.alpha.kubernetes.io/preferAvoidPods': 'deprecated since v1.22; use Taints and Tolerations instead',
  'node-role.kubernetes.io/master': 'use "node-role.kubernetes.io/control-plane" instead',
}

/** Of a label of nodes that is not used any more. */
export const nodeLabelWarning = (key: string): string | undefined => ownOf(NODE_LABELS, key)

export function nodeTermWarnings({ matchExpressions = [] }: NodeSelectorTerm, at: string): string[] {
  return matchExpressions.flatMap(({ key }, index) => {
    const why = nodeLabelWarning(key)
    return why ? [`${at}.matchExpressions[${index}].key: ${key} is ${why}`] : []
  })
}
