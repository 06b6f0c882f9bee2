// Which other pods a pod wants near it, or far from it, read once from its spec.
// Upstream: kubernetes/pkg/scheduler/framework/types.go (AffinityTerm), plugins/interpodaffinity.

import type { Pod, PodAffinityTerm, WeightedPodAffinityTerm } from 'kubernetes-types/core/v1'
import { type Labels, type Selector, selectorOfObject } from '../../apimachinery/label-selector.ts'

/** Labels of a namespace, for terms that choose namespaces by them. */
export type NamespaceLabels = (namespace: string) => Labels | undefined

export interface AffinityTerm {
  /** Near and far are told by this label of nodes. */
  topologyKey: string
  /** Negative for pods that are better far away; 0 for a term that must hold. */
  weight: number
  matches(pod: Pod, namespaceLabels: NamespaceLabels): boolean
}

export interface PodAffinity {
  /** Must be near pods that match all of these. */
  near: AffinityTerm[]
  /** Must be far from pods that match any of these. */
  far: AffinityTerm[]
  preferred: AffinityTerm[]
}

/** Undefined for the many pods that do not care. */
export function podAffinityOf(pod: Pod): PodAffinity | undefined {
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {}
  if (!podAffinity && !podAntiAffinity) return undefined
  const required = (term: PodAffinityTerm) => termOf(pod, term, 0)
  const weighted =
    (sign: 1 | -1) =>
    ({ weight, podAffinityTerm }: WeightedPodAffinityTerm) =>
      termOf(pod, podAffinityTerm, sign * weight)
  return {
    near: (podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(required),
    far: (podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(required),
    preferred: [
      ...(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(weighted(1)),
      ...(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(weighted(-1)),
    ],
  }
}

export const matchesAll = (terms: readonly AffinityTerm[], pod: Pod, labels: NamespaceLabels): boolean =>
  terms.length > 0 && terms.every((term) => term.matches(pod, labels))

function termOf(owner: Pod, term: PodAffinityTerm, weight: number): AffinityTerm {
  const selector = selectorOfObject(term.labelSelector)
  const namespaces = new Set(term.namespaces ?? [])
  const byLabels: Selector | undefined = term.namespaceSelector && selectorOfObject(term.namespaceSelector)
  // Who names no namespace means its own.
  if (namespaces.size === 0 && !byLabels) namespaces.add(owner.metadata?.namespace ?? '')
  return {
    topologyKey: term.topologyKey,
    weight,
    matches({ metadata }, namespaceLabels) {
      const namespace = metadata?.namespace ?? ''
      if (!namespaces.has(namespace) && !byLabels?.matches(namespaceLabels(namespace))) return false
      return selector.matches(metadata?.labels)
    },
  }
}
