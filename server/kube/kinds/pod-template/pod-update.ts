// What may still be changed once a pod is made: what it runs may be renewed in place, what it is may not.
// Upstream: pkg/apis/core/validation ValidatePodUpdate, ValidatePodEphemeralContainersUpdate.

import type { NodeAffinity, NodeSelectorTerm, Pod, Toleration } from 'kubernetes-types/core/v1'
import { deepCopy, deepEqual } from '../../apimachinery/deep.ts'
import { differenceOf } from '../../apimachinery/difference.ts'
import { problemsAt } from '../../apimachinery/field-checks.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { appArmorAnnotationErrors } from './app-armor-annotations.ts'
import type { PodSpec } from './newer-fields.ts'
import { seccompAnnotationErrors } from './seccomp-annotations.ts'

const FROZEN =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
  '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'
const MOST_SECONDS = 2147483647

export function podUpdateErrors(next: PodSpec, previous: PodSpec): FieldError[] {
  for (const list of ['containers', 'initContainers'] as const) {
    if ((next[list] ?? []).length === (previous[list] ?? []).length) continue
    return [fieldError.forbidden(`spec.${list}`, 'pod updates may not add or remove containers')]
  }
  const deadline = deadlineErrors(next, previous)
  if (deadline.length > 0 && next.activeDeadlineSeconds !== undefined) return deadline
  const errors = [...deadline, ...tolerationsKept(next, previous), ...gatesOnlyRemoved(next, previous)]
  const alike = deepCopy(next)
  for (const list of ['containers', 'initContainers'] as const) {
    alike[list]?.forEach((container, index) => {
      const image = previous[list]?.[index]?.image
      if (image !== undefined) container.image = image
    })
  }
  takeBack(alike, previous, ['activeDeadlineSeconds', 'tolerations', 'schedulingGates'])
  if (previous.schedulingGates?.length) {
    errors.push(...whereItMayGo(next, previous))
    takeBack(alike, previous, ['nodeSelector'])
    const { nodeAffinity: _now, ...others } = next.affinity ?? {}
    const { nodeAffinity: _before, ...othersBefore } = previous.affinity ?? {}
    if (deepEqual(others, othersBefore)) takeBack(alike, previous, ['affinity'])
  }
  if (deepEqual(alike, previous)) return errors
  return [...errors, fieldError.forbidden('spec', `${FROZEN}\n${differenceOf(alike, previous)}`)]
}

function deadlineErrors(next: PodSpec, previous: PodSpec): FieldError[] {
  const [seconds, before] = [next.activeDeadlineSeconds, previous.activeDeadlineSeconds]
  const wrong = (why: string) => [fieldError.invalid('spec.activeDeadlineSeconds', seconds ?? null, why)]
  if (seconds === undefined) {
    return before === undefined ? [] : wrong('must not update from a positive integer to nil value')
  }
  if (seconds < 0 || seconds > MOST_SECONDS) return wrong(`must be between 0 and ${MOST_SECONDS}, inclusive`)
  return before !== undefined && before < seconds ? wrong('must be less than or equal to previous value') : []
}

function tolerationsKept(next: PodSpec, previous: PodSpec): FieldError[] {
  const fixedOf = ({ key, operator, value, effect }: Toleration) => JSON.stringify([key, operator, value, effect])
  const now = new Set(next.tolerations?.map(fixedOf))
  const isKept = (previous.tolerations ?? []).every((old) => now.has(fixedOf(old)))
  const why = 'existing toleration can not be modified except its tolerationSeconds'
  return isKept ? [] : [fieldError.forbidden('spec.tolerations', why)]
}

function gatesOnlyRemoved(next: PodSpec, previous: PodSpec): FieldError[] {
  const before = new Set(previous.schedulingGates?.map(({ name }) => name))
  return (next.schedulingGates ?? []).flatMap(({ name }, index) =>
    before.has(name)
      ? []
      : [
          fieldError.forbidden(
            `spec.schedulingGates[${index}].name`,
            `only deletion is allowed, but found new scheduling gate '${name}'`,
          ),
        ],
  )
}

/** While a pod is held back from the scheduler, where it may go can be narrowed. */
function whereItMayGo(next: PodSpec, previous: PodSpec): FieldError[] {
  const { nodeSelector = {} } = next
  const isKept = Object.entries(previous.nodeSelector ?? {}).every(([key, value]) => nodeSelector[key] === value)
  const why = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)'
  return [
    ...(isKept ? [] : [fieldError.invalid('spec.nodeSelector', nodeSelector, why)]),
    ...affinityNarrowed(next.affinity?.nodeAffinity, previous.affinity?.nodeAffinity),
  ]
}

function affinityNarrowed(next: NodeAffinity | undefined, previous: NodeAffinity | undefined): FieldError[] {
  const of = (affinity: NodeAffinity | undefined) =>
    affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  const [terms, before] = [of(next), of(previous)]
  const field = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms'
  if (before.length > 0 && before.length !== terms.length) {
    const why = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'
    return [fieldError.invalid(field, terms, why)]
  }
  const why = 'only additions are allowed (no mutations or deletions)'
  return before.flatMap((old, index) => {
    const term = terms[index] ?? {}
    return onlyAdds(term, old) ? [] : [fieldError.invalid(`${field}[${index}]`, term, why)]
  })
}

function onlyAdds(next: NodeSelectorTerm, previous: NodeSelectorTerm): boolean {
  const lists = ['matchExpressions', 'matchFields'] as const
  const wasEmpty = lists.every((list) => !previous[list]?.length)
  if (wasEmpty) return lists.every((list) => !next[list]?.length)
  return lists.every((list) => (previous[list] ?? []).every((old, index) => deepEqual(old, next[list]?.[index])))
}

const MIRROR = 'kubernetes.io/config.mirror'

export function ephemeralUpdateErrors(next: Pod, previous: Pod): FieldError[] {
  const at = 'spec.ephemeralContainers'
  if (previous.metadata?.annotations?.[MIRROR] !== undefined) {
    return [fieldError.forbidden('', 'static pods do not support ephemeral containers')]
  }
  // From the end: of two with one name the first counts.
  const now = new Map((next.spec?.ephemeralContainers ?? []).toReversed().map((one) => [one.name, one]))
  return (previous.spec?.ephemeralContainers ?? []).flatMap((old) => {
    const kept = now.get(old.name)
    if (deepEqual(kept, old)) return []
    const change = kept ? `changed\n${differenceOf(old, kept)}` : 'removed\n'
    const why = `existing ephemeral containers ${JSON.stringify(old.name)} may not be ${change}`
    return [fieldError.forbidden(at, why)]
  })
}

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost'
const ANNOTATIONS = 'metadata.annotations'

/** Annotations that mean something to Kubernetes itself. Upstream: ValidatePodSpecificAnnotations. */
export function podAnnotationErrors({ metadata, spec }: Pod): FieldError[] {
  const { [MIRROR]: mirror, [DELETION_COST]: cost } = metadata?.annotations ?? {}
  const errors = [
    ...seccompAnnotationErrors(metadata?.annotations, ANNOTATIONS),
    ...appArmorAnnotationErrors(metadata?.annotations, spec as PodSpec | undefined, ANNOTATIONS),
  ]
  if (mirror !== undefined) {
    const why = 'static pods do not support resource claims'
    errors.push(...(spec?.resourceClaims ?? []).map(() => fieldError.forbidden('', why)))
  }
  if (mirror !== undefined && !spec?.nodeName) {
    const why = ['must set spec.nodeName if mirror pod annotation is set']
    errors.push(...problemsAt(`${ANNOTATIONS}[${MIRROR}]`, mirror, why))
  }
  const isNumber = cost === undefined || (/^(0|-?[1-9]\d*)$/.test(cost) && Number(cost) === (Number(cost) | 0))
  return isNumber
    ? errors
    : [...errors, fieldError.invalid(`${ANNOTATIONS}[${DELETION_COST}]`, cost, 'must be a 32bit integer')]
}

export function podAnnotationUpdateErrors(next: Pod, previous: Pod): FieldError[] {
  const [now, before] = [next.metadata?.annotations?.[MIRROR], previous.metadata?.annotations?.[MIRROR]]
  if (now === before) return []
  const how = before === undefined ? 'add' : 'remove or update'
  return [fieldError.forbidden(`${ANNOTATIONS}[${MIRROR}]`, `may not ${how} mirror pod annotation`)]
}

function takeBack<T extends object>(to: T, from: T, fields: (keyof T)[]): void {
  for (const field of fields) {
    if (from[field] === undefined) delete to[field]
    else to[field] = from[field]
  }
}
