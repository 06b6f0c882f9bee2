// nodeSelector and node affinity: required terms filter, preferred ones score. Upstream: plugins/nodeaffinity,
// component-helpers/scheduling/corev1/nodeaffinity.

import type { Node, NodeAffinity, NodeSelector, Pod } from 'kubernetes-types/core/v1'
import { matchesAny, matchesTerm, NO_AFFINITY, nodeMatchesPod } from '../../apimachinery/node-affinity.ts'
import { normalizeByMax, type Plugin, rejectForGood, SKIP } from '../framework.ts'

/** Those that are asked for by name, as the pods of DaemonSets do; undefined when any term asks for something else. */
function namedNodes({ nodeSelectorTerms }: NodeSelector): Set<string> | undefined {
  const names = new Set<string>()
  for (const { matchFields = [] } of nodeSelectorTerms) {
    const named = matchFields.filter(({ key, operator }) => key === 'metadata.name' && operator === 'In')
    if (named.length === 0) return undefined
    const [first, ...others] = named.map(({ values = [] }) => values)
    for (const name of first!) if (others.every((values) => values.includes(name))) names.add(name)
  }
  return names
}

/** Of the profile, for all of its pods: on top of what each asks for itself. */
export interface NodeAffinityArguments {
  addedAffinity?: NodeAffinity | undefined
}

export function nodeAffinity({ addedAffinity }: NodeAffinityArguments): Plugin {
  const enforced = addedAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  const wishes = addedAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  const preferredBy = ({ spec }: Pod) => [
    ...wishes,
    ...(spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []),
  ]
  return {
    name: 'NodeAffinity',
    weight: 2,
    preFilter(_, { spec }) {
      const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
      if (!required && !spec?.nodeSelector && !enforced) return SKIP
      const only = required && namedNodes(required)
      return only?.size === 0 ? rejectForGood('pod affinity terms conflict') : only && { only }
    },
    filter(_, pod, { node }) {
      if (!node) return undefined
      if (enforced && !matchesAny(enforced, node)) {
        return rejectForGood("node(s) didn't match scheduler-enforced node affinity")
      }
      return nodeMatchesPod(pod, node) ? undefined : rejectForGood(NO_AFFINITY)
    },
    preScore: (_, pod) => preferredBy(pod).length > 0,
    score: (_, pod, { node }) =>
      preferredBy(pod)
        .filter(({ preference }) => node && matchesTerm(preference, node))
        .reduce((sum, { weight }) => sum + weight, 0),
    normalize: (_state, _pod, scores) => normalizeByMax(scores, { reverse: false }),
    wokenBy: ['node-added', 'node-updated'],
    mayHelp(event, pod) {
      if (event.type !== 'node-added' && event.type !== 'node-updated') return false
      const fits = (node: Node) => nodeMatchesPod(pod, node) && (!enforced || matchesAny(enforced, node))
      return fits(event.node) && !(event.type === 'node-updated' && fits(event.previous))
    },
  }
}
