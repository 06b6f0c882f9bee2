// Labels of nodes that are not used any more. Upstream: pkg/api/node/util.go.

import type { NodeSelectorTerm } from 'kubernetes-types/core/v1'
import type { LabelSelector } from 'kubernetes-types/meta/v1'
import { labelValueProblems } from '../../apimachinery/names.ts'
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

/** `values`: also of values that no label can have. */
export function nodeTermWarnings(
  { matchExpressions = [] }: NodeSelectorTerm,
  at: string,
  looksAt: { values: boolean } = { values: false },
): string[] {
  return matchExpressions.flatMap(({ key, values = [] }, index) => {
    const here = `${at}.matchExpressions[${index}]`
    const why = nodeLabelWarning(key)
    const odd = (looksAt.values ? values : []).flatMap((value, i) =>
      labelValueProblems(value).map((problem) => `${here}.values[${i}]: ${value} is invalid, ${problem}`),
    )
    return why ? [`${here}.key: ${key} is ${why}`, ...odd] : odd
  })
}

/** In a selector of nodes by their labels. */
export function nodeSelectorWarnings(selector: LabelSelector | undefined, at: string): string[] {
  const { matchExpressions = [], matchLabels = {} } = selector ?? {}
  const named = Object.keys(matchLabels).flatMap((key) => {
    const why = nodeLabelWarning(key)
    return why ? [`${at}.matchLabels.${key}: ${why}`] : []
  })
  return [...nodeTermWarnings({ matchExpressions } as NodeSelectorTerm, at), ...named]
}
