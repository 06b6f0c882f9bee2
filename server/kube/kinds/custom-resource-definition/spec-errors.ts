// What a definition must say, and what it may no longer change.
// Upstream: apiextensions/validation/validation.go validateCustomResourceDefinitionSpec.

import type {
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  CustomResourceDefinition as Wire,
} from 'kubernetes-types/apiextensions/v1'
import { dns1035LabelProblems, dnsSubdomainProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import type { JsonSchema } from '../../schemas/structural/json-schema.ts'
import { conversionErrors } from './conversion-errors.ts'
import { namesErrors } from './names-errors.ts'
import { schemaErrors } from './schema-errors.ts'
import { columnErrors, scaleErrors, selectableFieldErrors } from './served-errors.ts'

const APPROVED = 'api-approved.kubernetes.io'

export function specErrors(
  spec: CustomResourceDefinitionSpec,
  { unchanged = new Set<string>() }: { unchanged?: ReadonlySet<string> },
): FieldError[] {
  const { group = '', scope, versions = [], names = { plural: '', kind: '' } } = spec
  const errors: FieldError[] = []
  const groupProblems = dnsSubdomainProblems(group)
  if (group === '') errors.push(fieldError.required('spec.group'))
  else if (groupProblems.length > 0) errors.push(fieldError.invalid('spec.group', group, groupProblems.join(',')))
  else if (!group.includes('.')) {
    errors.push(fieldError.invalid('spec.group', group, 'should be a domain with at least one dot'))
  }
  if (!scope) errors.push(fieldError.required('spec.scope'))
  else if (scope !== 'Cluster' && scope !== 'Namespaced') {
    errors.push(fieldError.notSupported('spec.scope', scope, ['Cluster', 'Namespaced']))
  }
  for (const [index, { schema }] of versions.entries()) {
    if (!schema?.openAPIV3Schema) {
      errors.push(fieldError.required(`spec.versions[${index}].schema.openAPIV3Schema`))
    }
  }
  for (const [index, version] of versions.entries()) {
    const at = `spec.versions[${index}]`
    const problems = dns1035LabelProblems(version.name ?? '')
    if (problems.length > 0) errors.push(fieldError.invalid(`${at}.name`, version.name ?? '', problems.join(',')))
    errors.push(...versionErrors(version, at, unchanged.has(version.name)))
  }
  if (new Set(versions.map(({ name }) => name)).size < versions.length) {
    errors.push(fieldError.invalid('spec.versions', versions, 'must contain unique version names'))
  }
  if (versions.filter(({ storage }) => storage).length !== 1) {
    errors.push(
      fieldError.invalid('spec.versions', versions, 'must have exactly one version marked as storage version'),
    )
  }
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const) {
    if (!names[field]) errors.push(fieldError.required(`spec.names.${field}`))
  }
  errors.push(...namesErrors(names, 'spec.names'), ...conversionErrors(spec.conversion, 'spec.conversion'))
  if (spec.preserveUnknownFields) {
    const why =
      'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'
    errors.push(fieldError.invalid('spec.preserveUnknownFields', true, why))
  }
  return errors
}

const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u

function versionErrors(version: CustomResourceDefinitionVersion, at: string, isUnchanged: boolean): FieldError[] {
  const { deprecated, deprecationWarning, subresources, additionalPrinterColumns = [], selectableFields = [] } = version
  const schema = version.schema?.openAPIV3Schema as JsonSchema | undefined
  const errors: FieldError[] = []
  const warn = (why: string) => errors.push(fieldError.invalid(`${at}.deprecationWarning`, deprecationWarning, why))
  if (deprecationWarning !== undefined) {
    if (!deprecated) warn('can only be set for deprecated versions')
    else if (Buffer.byteLength(deprecationWarning) > 256) warn('must be <= 256 characters long')
    else if (deprecationWarning === '') warn('must not be an empty string')
    const [unprintable] = deprecated ? (UNPRINTABLE.exec(deprecationWarning) ?? []) : []
    if (unprintable !== undefined) {
      const index = Buffer.byteLength(deprecationWarning.slice(0, deprecationWarning.indexOf(unprintable)))
      warn(`must only contain printable UTF-8 characters; non-printable character found at index ${index}`)
    }
  }
  if (schema) {
    const hasStatus = subresources?.status !== undefined
    errors.push(...schemaErrors(schema, `${at}.schema.openAPIV3Schema`, { hasStatus, isUnchanged }))
  }
  errors.push(...scaleErrors(subresources?.scale, `${at}.subresources.scale`))
  for (const [index, column] of additionalPrinterColumns.entries()) {
    errors.push(...columnErrors(column, `${at}.additionalPrinterColumns[${index}]`))
  }
  return [...errors, ...selectableFieldErrors(selectableFields, schema, `${at}.selectableFields`)]
}

export function specUpdateErrors(next: Wire, previous: Wire): FieldError[] {
  const [spec, before] = [next.spec, previous.spec]
  if (!spec) return []
  const isEstablished = previous.status?.conditions?.some(
    ({ type, status }) => type === 'Established' && status === 'True',
  )
  const fixed: [string, unknown, unknown][] = [
    ...(isEstablished
      ? ([
          ['spec.scope', spec.scope, before.scope],
          ['spec.names.kind', spec.names.kind, before.names.kind],
        ] as [string, unknown, unknown][])
      : []),
    ['spec.group', spec.group, before.group],
    ['spec.names.plural', spec.names.plural, before.names.plural],
  ]
  return fixed.flatMap(([field, value, old]) =>
    value === old ? [] : [fieldError.invalid(field, value, 'field is immutable')],
  )
}

export function storedVersionErrors({ spec, status }: Wire): FieldError[] {
  const stored = status?.storedVersions ?? []
  const at = 'status.storedVersions'
  if (stored.length === 0) return [fieldError.invalid(at, stored, 'must have at least one stored version')]
  const names = (spec?.versions ?? []).map(({ name }) => name)
  return stored.flatMap((version, index) => {
    if (names.includes(version)) return []
    const why = `missing from spec.versions; ${version} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${version} and removes ${version} from status.storedVersions`
    return [fieldError.invalid(`${at}[${index}]`, version, why)]
  })
}

/** Groups of the project itself say who has approved them. */
export function approvalErrors(next: Wire, previous: Wire | undefined): FieldError[] {
  const group = next.spec?.group ?? ''
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(group)) return []
  const told = next.metadata?.annotations?.[APPROVED]
  const before = previous?.metadata?.annotations?.[APPROVED]
  if (previous && told === before) return []
  const at = 'metadata.annotations'
  const see = 'see https://github.com/kubernetes/enhancements/pull/1111'
  if (!told) {
    const why = `protected groups must have approval annotation "${APPROVED}", ${see}`
    return [fieldError.required(`${at}[${APPROVED}]`, why)]
  }
  if (told.startsWith('unapproved') || /^https?:\/\/[^/]+/.test(told)) return []
  const why = `protected groups must have approval annotation "${APPROVED}" with either a URL or a reason starting with "unapproved", ${see}`
  return [fieldError.invalid(`${at}[${APPROVED}]`, told, why)]
}
