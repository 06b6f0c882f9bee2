// Where a pod wants to be, and beside whom. Upstream: pkg/apis/core/validation validateAffinity,
// validateTopologySpreadConstraints.

import type {
  Affinity,
  NodeAffinity,
  PodAffinity,
  PodAffinityTerm,
  TopologySpreadConstraint,
} from 'kubernetes-types/core/v1'
import { oneOf, problemsAt } from '../../apimachinery/field-checks.ts'
import { type LabelSelector, labelSelectorErrors } from '../../apimachinery/label-selector.ts'
import { dnsLabelProblems, labelKeyProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { nodeSelectorErrors, nodeTermErrors } from './node-selector.ts'

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'

export function affinityErrors(affinity: Affinity | undefined, at: string): FieldError[] {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity ?? {}
  return [
    ...(nodeAffinity ? nodeAffinityErrors(nodeAffinity, `${at}.nodeAffinity`) : []),
    ...(podAffinity ? podAffinityErrors(podAffinity, `${at}.podAffinity`) : []),
    ...(podAntiAffinity ? podAffinityErrors(podAntiAffinity, `${at}.podAntiAffinity`) : []),
  ]
}

function nodeAffinityErrors(affinity: NodeAffinity, at: string): FieldError[] {
  const required = affinity[REQUIRED]
  return [
    ...(required ? nodeSelectorErrors(required, `${at}.${REQUIRED}`) : []),
    ...(affinity[PREFERRED] ?? []).flatMap(({ weight, preference }, index) => {
      const here = `${at}.${PREFERRED}[${index}]`
      return [
        ...weightErrors(weight, here),
        ...nodeTermErrors(preference ?? {}, `${here}.preference`, { areValuesLabels: false }),
      ]
    }),
  ]
}

function podAffinityErrors(affinity: PodAffinity, at: string): FieldError[] {
  return [
    ...(affinity[REQUIRED] ?? []).flatMap((term, index) => podTermErrors(term, `${at}.${REQUIRED}[${index}]`)),
    ...(affinity[PREFERRED] ?? []).flatMap(({ weight, podAffinityTerm }, index) => {
      const here = `${at}.${PREFERRED}[${index}]`
      return [...weightErrors(weight, here), ...podTermErrors(podAffinityTerm ?? {}, `${here}.podAffinityTerm`)]
    }),
  ]
}

const weightErrors = (weight: number | undefined, at: string): FieldError[] =>
  weight && weight > 0 && weight <= 100
    ? []
    : [fieldError.invalid(`${at}.weight`, weight ?? 0, 'must be in the range 1-100')]

function podTermErrors(term: Partial<PodAffinityTerm>, at: string): FieldError[] {
  const {
    labelSelector,
    namespaceSelector,
    namespaces = [],
    matchLabelKeys,
    mismatchLabelKeys,
    topologyKey = '',
  } = term
  const errors = [
    ...labelSelectorErrors(labelSelector as LabelSelector | undefined, `${at}.labelSelector`),
    ...labelSelectorErrors(namespaceSelector as LabelSelector | undefined, `${at}.namespaceSelector`),
    ...namespaces.flatMap((name) => problemsAt(`${at}.namespace`, name, dnsLabelProblems(name))),
    ...labelKeyListErrors({ matchLabelKeys, mismatchLabelKeys, labelSelector }, at),
  ]
  if (!topologyKey) errors.push(fieldError.required(`${at}.topologyKey`, 'can not be empty'))
  return [...errors, ...problemsAt(`${at}.topologyKey`, topologyKey, labelKeyProblems(topologyKey))]
}

interface LabelKeyLists {
  matchLabelKeys?: string[] | undefined
  mismatchLabelKeys?: string[] | undefined
  labelSelector?: TopologySpreadConstraint['labelSelector'] | undefined
}

function labelKeyListErrors(lists: LabelKeyLists, at: string): FieldError[] {
  const { matchLabelKeys = [], mismatchLabelKeys = [], labelSelector } = lists
  const errors: FieldError[] = []
  for (const [list, keys] of Object.entries({ matchLabelKeys, mismatchLabelKeys })) {
    if (keys.length > 0 && !labelSelector) {
      errors.push(fieldError.forbidden(`${at}.${list}`, 'must not be specified when labelSelector is not set'))
    } else
      errors.push(...keys.flatMap((key, index) => problemsAt(`${at}.${list}[${index}]`, key, labelKeyProblems(key))))
  }
  // The key of each has by now been added to the selector: once more is once too often.
  const seen = new Set(Object.keys(labelSelector?.matchLabels ?? {}))
  for (const { key } of labelSelector?.matchExpressions ?? []) {
    const index = matchLabelKeys.indexOf(key)
    if (index >= 0 && seen.has(key)) {
      errors.push(fieldError.invalid(`${at}[${index}]`, key, 'exists in both matchLabelKeys and labelSelector'))
    }
    seen.add(key)
  }
  for (const [index, key] of matchLabelKeys.entries()) {
    if (!mismatchLabelKeys.includes(key)) continue
    const why = 'exists in both matchLabelKeys and mismatchLabelKeys'
    errors.push(fieldError.invalid(`${at}.matchLabelKeys[${index}]`, key, why))
  }
  return errors
}

export function spreadErrors(constraints: readonly TopologySpreadConstraint[], at: string): FieldError[] {
  return constraints.flatMap((constraint, index) => {
    const here = `${at}[${index}]`
    const { maxSkew = 0, topologyKey, whenUnsatisfiable, minDomains, labelSelector } = constraint
    const errors = positive(`${here}.maxSkew`, maxSkew)
    if (!topologyKey) errors.push(fieldError.required(`${here}.topologyKey`, 'can not be empty'))
    errors.push(...oneOf(`${here}.whenUnsatisfiable`, whenUnsatisfiable, ['DoNotSchedule', 'ScheduleAnyway']))
    const isAlike = (other: TopologySpreadConstraint) =>
      other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable
    if (constraints.slice(index + 1).some(isAlike)) {
      const field = `${here}.{topologyKey, whenUnsatisfiable}`
      errors.push(fieldError.duplicate(field, `{${topologyKey}, ${whenUnsatisfiable}}`))
    }
    if (minDomains !== undefined) {
      errors.push(...positive(`${here}.minDomains`, minDomains))
      if (whenUnsatisfiable !== 'DoNotSchedule') {
        const why = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`
        errors.push(fieldError.invalid(`${here}.minDomains`, minDomains, why))
      }
    }
    for (const policy of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      const value = constraint[policy]
      if (value !== undefined) errors.push(...oneOf(`${here}.${policy}`, value, ['Honor', 'Ignore']))
    }
    return [
      ...errors,
      ...labelKeyListErrors({ ...constraint, mismatchLabelKeys: [] }, here),
      ...labelSelectorErrors(labelSelector as LabelSelector | undefined, `${here}.labelSelector`),
    ]
  })
}

const positive = (field: string, value: number): FieldError[] =>
  value > 0 ? [] : [fieldError.invalid(field, value, 'must be greater than zero')]
