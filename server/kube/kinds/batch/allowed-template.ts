// What may still be changed of a Job's pods: while it is suspended and has not begun, or has been stopped until none of
// them is left, where they are to go and how much they ask for. Upstream: pkg/apis/batch/validation
// validatePodTemplateUpdate, pkg/registry/batch/job shouldAllowMutablePodTemplate.

import type { Job } from 'kubernetes-types/batch/v1'
import type { Affinity, Container, PodSpec } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import type { FullJobSpec } from './full-job-spec.ts'

const MOVABLE = ['nodeSelector', 'tolerations', 'schedulingGates'] as const

export function templateChangeErrors({ template }: FullJobSpec, previous: Job): FieldError[] {
  const before = previous.spec?.template
  if (!isMovable(previous) || !before?.spec) {
    return deepEqual(template, before) ? [] : [fieldError.invalid('spec.template', template, 'field is immutable')]
  }
  if (deepEqual(template.spec, allowedSpec(template.spec, before.spec))) return []
  return [fieldError.invalid('spec.template.spec', template.spec, 'field is immutable')]
}

function isMovable({ spec, status }: Job): boolean {
  if (spec?.suspend !== true || (status?.active ?? 0) > 0) return false
  const isStopped = status?.conditions?.some(
    (condition) => condition.type === 'Suspended' && condition.status === 'True',
  )
  return status?.startTime === undefined || isStopped === true
}

/** The pods as they were, with what is asked now where that may be said otherwise. */
function allowedSpec(asked: PodSpec | undefined, before: PodSpec): PodSpec {
  const { initContainers } = before
  const spec = {
    ...before,
    containers: sized(before.containers, asked?.containers),
    ...(initContainers && { initContainers: sized(initContainers, asked?.initContainers) }),
  }
  for (const field of MOVABLE) {
    const value = asked?.[field]
    if (value === undefined) delete spec[field]
    else Object.assign(spec, { [field]: value })
  }
  const affinity = moved(before.affinity, asked?.affinity)
  delete spec.affinity
  return affinity ? { ...spec, affinity } : spec
}

/** Nodes may be chosen otherwise; which pods it keeps near stays. Nothing asked for is not the same as no wishes, `{}`. */
function moved(before: Affinity | undefined, asked: Affinity | undefined): Affinity | undefined {
  const { nodeAffinity: _before, ...others } = before ?? {}
  if (asked) return { ...others, ...(asked.nodeAffinity && { nodeAffinity: asked.nodeAffinity }) }
  return Object.keys(others).length > 0 ? others : undefined
}

function sized(before: readonly Container[], next: readonly Container[] = []): Container[] {
  if (next.length !== before.length) return [...before]
  return before.map((container, index) => {
    const { name, resources } = next[index]!
    if (name !== container.name) return container
    const { resources: _before, ...rest } = container
    return resources ? { ...rest, resources } : rest
  })
}
