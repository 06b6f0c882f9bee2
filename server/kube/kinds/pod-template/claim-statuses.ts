// What a pod's status tells of its claims on devices. Upstream: pkg/apis/core/validation validatePodResourceClaimStatuses,
// validatePodExtendedResourceClaimStatus.

import type { Pod } from 'kubernetes-types/core/v1'
import { problemsAt, repetition } from '../../apimachinery/field-checks.ts'
import { dnsLabelProblems, dnsSubdomainProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { extendedStatusOf } from '../devices/extended-resources.ts'

interface Made {
  name: string
  resourceClaimName?: string
}

export function claimStatusErrors({ spec, status }: Pod): FieldError[] {
  const statuses = (status as { resourceClaimStatuses?: Made[] } | undefined)?.resourceClaimStatuses ?? []
  const named = new Set(spec?.resourceClaims?.map(({ name }) => name))
  const isRepeated = repetition()
  return statuses.flatMap(({ name, resourceClaimName }, index) => {
    const at = `status.resourceClaimStatuses[${index}]`
    const why = 'must match the name of an entry in `spec.resourceClaims`'
    return [
      ...(named.has(name) ? [] : [fieldError.invalid(`${at}.name`, name, why)]),
      ...(isRepeated(name) ? [fieldError.duplicate(`${at}.name`, name)] : []),
      ...(resourceClaimName === undefined
        ? []
        : problemsAt(`${at}.resourceClaimName`, resourceClaimName, dnsSubdomainProblems(resourceClaimName))),
    ]
  })
}

/** Upstream tells of a request's name without saying whose. */
export function extendedStatusErrors(pod: Pod): FieldError[] {
  const told = extendedStatusOf(pod)
  if (!told) return []
  const at = 'status.extendedResourceClaimStatus'
  const { requestMappings = [], resourceClaimName = '' } = told
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
  const isRepeated = repetition()
  const errors = requestMappings.flatMap((mapping, index) => {
    const { containerName, resourceName, requestName } = mapping
    const here = `${at}.requestMappings[${index}]`
    const container = containers.find(({ name }) => name === containerName)
    const asks = container?.resources?.requests?.[resourceName] !== undefined
    return [
      ...(container ? [] : [fieldError.invalid(`${here}.containerName`, containerName, NO_CONTAINER)]),
      ...(container && !asks ? [fieldError.invalid(`${here}.resourceName`, resourceName, NO_RESOURCE)] : []),
      ...problemsAt(`${at}.requestName`, requestName, dnsLabelProblems(requestName)),
      ...(isRepeated(JSON.stringify([containerName, resourceName, requestName]))
        ? (['containerName', 'resourceName', 'requestName'] as const).map((field) =>
            fieldError.duplicate(`${here}.${field}`, mapping[field]),
          )
        : []),
    ]
  })
  return [
    ...(requestMappings.length === 0
      ? [fieldError.required(`${at}.requestMappings`, 'at least one request mapping is required')]
      : []),
    ...errors,
    ...(resourceClaimName
      ? problemsAt(`${at}.resourceClaimName`, resourceClaimName, dnsSubdomainProblems(resourceClaimName))
      : [fieldError.required(`${at}.resourceClaimName`)]),
  ]
}

const NO_CONTAINER = 'must match the name of an entry in spec.initContainers.name or spec.containers.name'
const NO_RESOURCE =
  'must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests'
