// Where a pod may be, by the labels of nodes. Upstream: component-helpers/scheduling/corev1/nodeaffinity.

import type { Node, NodeSelector, NodeSelectorTerm, Pod } from 'kubernetes-types/core/v1'
import { type Requirement, selectorOf, selectorOfMap } from './label-selector.ts'

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

export function matchesTerm({ matchExpressions, matchFields }: NodeSelectorTerm, node: Node): boolean {
  // A term that asks for nothing matches nothing.
  if (!matchExpressions?.length && !matchFields?.length) return false
  return (
    matchesAll(matchExpressions, node.metadata?.labels ?? {}) &&
    matchesAll(matchFields, { 'metadata.name': node.metadata?.name ?? '' })
  )
}

export const matchesAny = (selector: NodeSelector, node: Node) =>
  selector.nodeSelectorTerms.some((term) => matchesTerm(term, node))

/** Whether the pod may be on the node as far as selector and required affinity go. */
export function nodeMatchesPod(pod: Pod, node: Node): boolean {
  if (!selectorOfMap(pod.spec?.nodeSelector).matches(node.metadata?.labels)) return false
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return !required || matchesAny(required, node)
}

export const NO_AFFINITY = "node(s) didn't match Pod's node affinity/selector"
