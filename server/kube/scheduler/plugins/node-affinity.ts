// nodeSelector and node affinity: required terms filter, preferred ones score. Upstream: plugins/nodeaffinity,
// component-helpers/scheduling/corev1/nodeaffinity.

import type { Node, NodeSelector, NodeSelectorTerm, Pod } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { type Requirement, selectorOf, selectorOfMap } from '../../apimachinery/label-selector.ts'
import { normalizeByMax, type Plugin, rejectForGood } from '../framework.ts'

const OPERATORS: Record<string, Requirement['operator']> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
  Gt: 'gt',
  Lt: 'lt',
}

type Expressions = NodeSelectorTerm['matchExpressions']

function matchesAll(expressions: Expressions, values: Record<string, string>): boolean {
  const requirements = (expressions ?? []).map(
    ({ key, operator, values: wanted }): Requirement => ({
      key,
      operator: OPERATORS[operator] ?? 'in',
      values: wanted ?? [],
    }),
  )
  return selectorOf(requirements).matches(values)
}

function matchesTerm({ matchExpressions, matchFields }: NodeSelectorTerm, node: Node): boolean {
  // A term that asks for nothing matches nothing.
  if (!matchExpressions?.length && !matchFields?.length) return false
  return (
    matchesAll(matchExpressions, node.metadata?.labels ?? {}) &&
    matchesAll(matchFields, { 'metadata.name': node.metadata?.name ?? '' })
  )
}

const matchesAny = (selector: NodeSelector, node: Node) =>
  selector.nodeSelectorTerms.some((term) => matchesTerm(term, node))

/** Whether the pod may be on the node as far as selector and required affinity go. */
export function nodeMatchesPod(pod: Pod, node: Node): boolean {
  if (!selectorOfMap(pod.spec?.nodeSelector).matches(node.metadata?.labels)) return false
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return !required || matchesAny(required, node)
}

export const nodeAffinity: Plugin = {
  name: 'NodeAffinity',
  weight: 2,
  filter(_, pod, { node }) {
    return node && nodeMatchesPod(pod, node)
      ? undefined
      : rejectForGood("node(s) didn't match Pod's node affinity/selector")
  },
  preScore: (_, pod) => !!pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution?.length,
  score(_, pod, { node }) {
    const preferred = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
    return preferred
      .filter(({ preference }) => node && matchesTerm(preference, node))
      .reduce((sum, { weight }) => sum + weight, 0)
  },
  normalize: (_state, _pod, scores) => normalizeByMax(scores, { reverse: false }),
  mayHelp(event, pod) {
    if (event.type === 'node-added') return nodeMatchesPod(pod, event.node)
    if (event.type !== 'node-updated') return false
    return !deepEqual(event.node.metadata?.labels, event.previous.metadata?.labels) && nodeMatchesPod(pod, event.node)
  },
}
