// A volume stays where it is; only a label's old name may become its new one. Upstream: pkg/apis/core/validation
// validatePvNodeAffinity.

import type { NodeSelectorRequirement, VolumeNodeAffinity } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'

const NEW_NAMES: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
}

type Affinity = VolumeNodeAffinity | undefined
type Requirements = readonly NodeSelectorRequirement[]

export function affinityChangeErrors(next: Affinity, previous: Affinity): FieldError[] {
  const [terms, before] = [next?.required?.nodeSelectorTerms, previous?.required?.nodeSelectorTerms]
  const isSame =
    terms?.length === before?.length &&
    (terms ?? []).every(({ matchExpressions, matchFields }, index) => {
      const old = before?.[index]
      return areSame(matchExpressions, old?.matchExpressions) && areSame(matchFields, old?.matchFields)
    })
  const why = 'field is immutable, except for updating from beta label to GA'
  return isSame ? [] : [fieldError.invalid('nodeAffinity', inGo(next), why)]
}

const areSame = (next: Requirements = [], previous: Requirements = []) =>
  next.length === previous.length &&
  next.every((one, index) => {
    const old = previous[index]
    const isRenamed = old && NEW_NAMES[old.key] === one.key
    return deepEqual(one, isRenamed ? { ...old, key: one.key } : old)
  })

/** Upstream shows its own form of it, whose names are Go's. */
function inGo(affinity: Affinity): unknown {
  if (!affinity) return null
  const shown = (requirements: Requirements | undefined) =>
    requirements?.map(({ key, operator, values = null }) => ({ Key: key, Operator: operator, Values: values })) ?? null
  const terms = affinity.required?.nodeSelectorTerms?.map(({ matchExpressions, matchFields }) => ({
    MatchExpressions: shown(matchExpressions),
    MatchFields: shown(matchFields),
  }))
  return { Required: affinity.required ? { NodeSelectorTerms: terms ?? null } : null }
}
