// What a container may be told about its own pod: fields of it, and its resources.
// Upstream: pkg/apis/core/validation validateObjectFieldSelector, validateContainerResourceFieldSelector.

import type { ObjectFieldSelector, ResourceFieldSelector } from 'kubernetes-types/core/v1'
import { problemsAt } from '../../apimachinery/field-checks.ts'
import { labelKeyProblems } from '../../apimachinery/names.ts'
import { quantityOf } from '../../apimachinery/quantity.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'

const KNOWN_FIELDS = new Set([
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.phase',
  'status.podIP',
  'status.podIPs',
])
const RESOURCES = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
]
const HUGE_PAGES = /^(requests|limits)\.hugepages-/
const SIZES = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei']

export function fieldReferenceErrors(ref: ObjectFieldSelector, at: string, supported: string[]): FieldError[] {
  const { apiVersion, fieldPath } = ref
  if (!apiVersion) return [fieldError.required(`${at}.apiVersion`)]
  if (!fieldPath) return [fieldError.required(`${at}.fieldPath`)]
  const unknown = (why: string) => [
    fieldError.invalid(`${at}.fieldPath`, fieldPath, `error converting fieldPath: ${why}`),
  ]
  if (apiVersion !== 'v1') return unknown(`unsupported pod version: ${apiVersion}`)
  const [map, key = ''] = subscripted(fieldPath)
  if (map === 'metadata.annotations') return problemsAt(at, key.toLowerCase(), labelKeyProblems(key.toLowerCase()))
  if (map === 'metadata.labels') return problemsAt(at, key, labelKeyProblems(key))
  if (map) return unknown(`field label does not support subscript: ${fieldPath}`)
  const field = fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath
  if (!KNOWN_FIELDS.has(field)) return unknown(`field label not supported: ${fieldPath}`)
  return supported.includes(field) ? [] : [fieldError.notSupported(`${at}.fieldPath`, field, supported)]
}

/** `metadata.labels['a']` in its two parts. */
function subscripted(path: string): [map?: string, key?: string] {
  const opens = path.endsWith("']") ? path.slice(0, -2).indexOf("['") : -1
  return opens > 0 ? [path.slice(0, opens), path.slice(opens + 2, -2)] : []
}

/** In a volume it has to be said whose resources are meant. */
export function resourceReferenceErrors(
  { containerName, resource, divisor }: ResourceFieldSelector,
  at: string,
  { inVolume }: { inVolume: boolean },
): FieldError[] {
  const errors: FieldError[] = []
  if (inVolume && !containerName) errors.push(fieldError.required(`${at}.containerName`))
  else if (!resource) errors.push(fieldError.required(`${at}.resource`))
  else if (!RESOURCES.includes(resource) && !HUGE_PAGES.test(resource)) {
    errors.push(fieldError.notSupported(`${at}.resource`, resource, RESOURCES))
  }
  const unit = quantityOf(divisor)
  const [of, units] = unitsOf(resource ?? '') ?? []
  if (!of || !units || unit.nanos === 0n || units.includes(unit.toString())) return errors
  const listed = of === 'cpu' ? '1m and 1' : units.join(', ')
  const why = `only divisor's values ${listed} are supported with the ${of} resource`
  return [...errors, fieldError.invalid(`${at}.divisor`, resource, why)]
}

function unitsOf(resource: string): [what: string, units: string[]] | undefined {
  if (HUGE_PAGES.test(resource)) return ['hugepages', SIZES]
  switch (resource.split('.')[1]) {
    case 'cpu':
      return ['cpu', ['1m', '1']]
    case 'memory':
      return ['memory', SIZES]
    case 'ephemeral-storage':
      return ['local ephemeral storage', SIZES]
    default:
      return undefined
  }
}
