// Ephemeral containers: added to a pod that runs, to look into it, by their own subresource (`kubectl debug`). They have
// no ports, probes or promises, are never restarted and never taken away.
// Upstream: kubernetes/pkg/apis/core/validation: validateEphemeralContainers, ValidatePodEphemeralContainersUpdate.

import type { Container, Pod, PodSpec } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { containerErrors } from './container-validation.ts'

const AT = 'spec.ephemeralContainers'
const NOT_FOR_THEM = ['ports', 'livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle', 'resizePolicy'] as const

export function ephemeralContainerErrors(spec: PodSpec | undefined): FieldError[] {
  const containers = spec?.ephemeralContainers ?? []
  if (!spec || containers.length === 0) return []
  const others = [...spec.containers, ...(spec.initContainers ?? [])].map(({ name }) => name)
  const volumes = new Set((spec.volumes ?? []).map(({ name }) => name))
  const names = new Set(others)
  const errors = containerErrors(containers as Container[], AT, { volumes, names, isInit: false, spec })
  for (const [index, container] of containers.entries()) {
    const at = `${AT}[${index}]`
    const { targetContainerName: target, resources } = container
    if (target && !others.includes(target)) errors.push(fieldError.notFound(`${at}.targetContainerName`, target))
    const given = container as Partial<Record<(typeof NOT_FOR_THEM)[number], unknown>>
    const extra: string[] = NOT_FOR_THEM.filter((field) => given[field] !== undefined)
    if (Object.keys(resources ?? {}).length > 0) extra.push('resources')
    for (const field of extra) {
      errors.push(fieldError.forbidden(`${at}.${field}`, 'cannot be set for an Ephemeral Container'))
    }
    for (const [mount, { subPath, subPathExpr }] of (container.volumeMounts ?? []).entries()) {
      const field = subPath ? 'subPath' : subPathExpr ? 'subPathExpr' : undefined
      if (field) {
        const where = `${at}.volumeMounts[${mount}].${field}`
        errors.push(fieldError.forbidden(where, 'cannot be set for an Ephemeral Container'))
      }
    }
  }
  return errors
}

export function ephemeralUpdateErrors(next: Pod, previous: Pod): FieldError[] {
  const now = next.spec?.ephemeralContainers ?? []
  return (previous.spec?.ephemeralContainers ?? []).flatMap((old) => {
    const kept = now.find(({ name }) => name === old.name)
    const name = JSON.stringify(old.name)
    if (!kept) return fieldError.forbidden(AT, `existing ephemeral containers ${name} may not be removed\n`)
    if (!deepEqual(kept, old))
      return fieldError.forbidden(AT, `existing ephemeral containers ${name} may not be changed\n`)
    return []
  })
}
