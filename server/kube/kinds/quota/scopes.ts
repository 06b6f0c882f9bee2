// Which pods a quota with scopes is about. Upstream: kubernetes/pkg/quota/v1/evaluator/core/pods.go podMatchesScopeFunc.

import type {
  PersistentVolumeClaim,
  PodAffinityTerm,
  PodSpec,
  ResourceQuotaSpec,
  ScopedResourceSelectorRequirement,
  Pod as WirePod,
} from 'kubernetes-types/core/v1'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import type { AnyKind } from '../define-kind.ts'
import { qosClassOf } from '../pod-template/qos.ts'

/** All of a quota's scopes must hold. */
export function isInScope(spec: ResourceQuotaSpec, kind: AnyKind, object: KubeObject): boolean {
  const required = scopesOf(spec)
  return matchingScopes(required, kind, object).length === required.length
}

export const scopesOf = ({ scopes = [], scopeSelector }: ResourceQuotaSpec): ScopedResourceSelectorRequirement[] => [
  ...scopes.map((scopeName) => ({ scopeName, operator: 'Exists' })),
  ...(scopeSelector?.matchExpressions ?? []),
]

/** Those that hold; none but pods and claims are in any. */
export function matchingScopes(
  scopes: readonly ScopedResourceSelectorRequirement[],
  kind: AnyKind,
  object: KubeObject,
): ScopedResourceSelectorRequirement[] {
  if (kind.group !== '') return []
  if (kind.plural === 'persistentvolumeclaims') return scopes.filter((scope) => isOfClass(scope, object as FullClaim))
  if (kind.plural !== 'pods') return []
  const { spec } = object as WirePod
  return spec ? scopes.filter((scope) => holds(scope, spec)) : []
}

type FullClaim = PersistentVolumeClaim & {
  status?: {
    currentVolumeAttributesClassName?: string
    modifyVolumeStatus?: { targetVolumeAttributesClassName?: string }
  }
}

/** By each class it has, is to have, or is being given. */
function isOfClass({ scopeName, operator, values = [] }: ScopedResourceSelectorRequirement, claim: FullClaim): boolean {
  if (scopeName !== 'VolumeAttributesClass') return false
  const { currentVolumeAttributesClassName: current, modifyVolumeStatus } = claim.status ?? {}
  const names = [claim.spec?.volumeAttributesClassName, current, modifyVolumeStatus?.targetVolumeAttributesClassName]
  const classes = names.filter((name) => name !== undefined && name !== '') as string[]
  if (classes.length === 0) return isChosen('', operator, values)
  return classes.some((name) => isChosen(name, operator, values))
}

function holds({ scopeName, operator, values = [] }: ScopedResourceSelectorRequirement, spec: PodSpec): boolean {
  const isTerminating = spec.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds >= 0
  const isBestEffort = qosClassOf(spec) === 'BestEffort'
  switch (scopeName) {
    case 'Terminating':
      return isTerminating
    case 'NotTerminating':
      return !isTerminating
    case 'BestEffort':
      return isBestEffort
    case 'NotBestEffort':
      return !isBestEffort
    case 'PriorityClass':
      return isChosen(spec.priorityClassName ?? '', operator, values)
    case 'CrossNamespacePodAffinity':
      return affinityTerms(spec).some((term) => term.namespaces?.length || term.namespaceSelector)
    default:
      return false
  }
}

function isChosen(name: string, operator: string, values: readonly string[]): boolean {
  switch (operator) {
    case 'In':
      return values.includes(name)
    case 'NotIn':
      return !values.includes(name)
    case 'Exists':
      return name !== ''
    default:
      return name === ''
  }
}

const affinityTerms = ({ affinity }: PodSpec): PodAffinityTerm[] =>
  [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap((one) => [
    ...(one?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(one?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ])
