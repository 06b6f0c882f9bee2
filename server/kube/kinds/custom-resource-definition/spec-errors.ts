// What a definition must say, and what it may no longer change.
// Upstream: apiextensions/validation/validation.go validateCustomResourceDefinitionSpec.

import type { CustomResourceDefinitionSpec, CustomResourceDefinition as Wire } from 'kubernetes-types/apiextensions/v1'
import { dns1035LabelProblems, dnsSubdomainProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import type { JsonSchema } from '../../schemas/structural/json-schema.ts'
import { caBundleProblem } from './ca-bundle.ts'
import { conversionErrors } from './conversion-errors.ts'
import { goVersions, type InternalForm, internalForm } from './internal-form.ts'
import { namesErrors } from './names-errors.ts'
import { hasDefaults } from './schema-errors.ts'
import { deprecationErrors, partErrors } from './version-errors.ts'

export function specErrors(
  spec: CustomResourceDefinitionSpec,
  { unchanged = new Set<string>() }: { unchanged?: ReadonlySet<string> },
): FieldError[] {
  const { scope, names = { plural: '', kind: '' }, conversion } = spec
  const form = internalForm(spec.versions ?? [])
  const errors = groupErrors(spec.group ?? '')
  if (!scope) errors.push(fieldError.required('spec.scope'))
  else if (scope !== 'Cluster' && scope !== 'Namespaced') {
    errors.push(fieldError.notSupported('spec.scope', scope, ['Cluster', 'Namespaced']))
  }
  errors.push(...missingSchemas(form))
  const keepsUnknown = spec.preserveUnknownFields === true
  const schemas = [form.shared, ...form.versions].map(({ schema }) => schema?.openAPIV3Schema as JsonSchema | undefined)
  if (keepsUnknown && schemas.some((schema) => schema && hasDefaults(schema))) {
    errors.push(
      fieldError.invalid('spec.preserveUnknownFields', true, 'must be false in order to use defaults in the schema'),
    )
  }
  errors.push(...versionErrors(form, unchanged))
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const) {
    if (!names[field]) errors.push(fieldError.required(`spec.names.${field}`))
  }
  errors.push(...namesErrors(names, 'spec.names'))
  const hasStatus = [form.shared, ...form.versions].some(({ subresources }) => subresources?.status !== undefined)
  const isUnchanged = unchanged.has(form.versions[0]?.name ?? '')
  errors.push(...partErrors(form.shared, { at: 'spec', schemaField: 'validation', hasStatus, isUnchanged }))
  if (keepsUnknown && conversion && conversion.strategy !== 'None') {
    const why = 'must be None if spec.preserveUnknownFields is true'
    errors.push(fieldError.invalid('spec.conversion.strategy', conversion.strategy, why))
  }
  errors.push(...conversionErrors(conversion, 'spec.conversion'))
  return errors
}

/** Told last of all, after the status and who has approved it. */
export function preserveUnknownErrors({ spec }: Wire): FieldError[] {
  if (!spec?.preserveUnknownFields) return []
  const why = 'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'
  return [fieldError.invalid('spec.preserveUnknownFields', true, why)]
}

function groupErrors(group: string): FieldError[] {
  const problems = dnsSubdomainProblems(group)
  if (group === '') return [fieldError.required('spec.group')]
  if (problems.length > 0) return [fieldError.invalid('spec.group', group, problems.join(','))]
  return group.includes('.')
    ? []
    : [fieldError.invalid('spec.group', group, 'should be a domain with at least one dot')]
}

function missingSchemas({ shared, versions }: InternalForm): FieldError[] {
  if (shared.schema?.openAPIV3Schema) return []
  return versions.flatMap(({ schema }, index) =>
    schema?.openAPIV3Schema ? [] : [fieldError.required(`spec.versions[${index}].schema.openAPIV3Schema`)],
  )
}

function versionErrors({ shared, versions }: InternalForm, unchanged: ReadonlySet<string>): FieldError[] {
  const nameProblems = (name: string | undefined, at: string) => {
    const problems = dns1035LabelProblems(name ?? '')
    return problems.length > 0 ? [fieldError.invalid(at, name ?? '', problems.join(','))] : []
  }
  const errors = versions.flatMap((version, index) => {
    const at = `spec.versions[${index}]`
    const hasStatus = (version.subresources ?? shared.subresources)?.status !== undefined
    const place = { at, schemaField: 'schema', hasStatus, isUnchanged: unchanged.has(version.name) } as const
    return [
      ...nameProblems(version.name, `${at}.name`),
      ...deprecationErrors(version, at),
      ...partErrors(version, place),
    ]
  })
  const refuse = (why: string) => errors.push(fieldError.invalid('spec.versions', goVersions(versions), why))
  if (new Set(versions.map(({ name }) => name)).size < versions.length) refuse('must contain unique version names')
  if (versions.filter(({ storage }) => storage).length !== 1) {
    refuse('must have exactly one version marked as storage version')
  }
  // The first stands by itself as well, as it did before there could be several.
  const first = versions[0]?.name
  return first ? [...errors, ...nameProblems(first, 'spec.version')] : errors
}

const isEstablished = ({ status }: Wire) =>
  status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True') ?? false

export function specUpdateErrors(next: Wire, previous: Wire): FieldError[] {
  const [spec, before] = [next.spec, previous.spec]
  if (!spec) return []
  const fixed: [string, unknown, unknown][] = [
    ...(isEstablished(previous)
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

/** Of what is served, a webhook's authorities are no longer exchanged for something that cannot be read. */
export function caBundleErrors(next: Wire, previous: Wire): FieldError[] {
  const bundleOf = ({ spec }: Wire) => spec?.conversion?.webhook?.clientConfig?.caBundle
  const problem = caBundleProblem(bundleOf(next))
  if (!problem || !isEstablished(previous) || caBundleProblem(bundleOf(previous))) return []
  return [fieldError.invalid('spec.conversion.webhookClientConfig.caBundle', bundleOf(next), problem)]
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
