// What metadata must look like, for objects of every kind.
// Upstream: apimachinery/pkg/api/validation/objectmeta.go, apiserver/pkg/registry/rest/update.go.

import { labelsErrors } from '../../apimachinery/field-checks.ts'
import { dnsSubdomainProblems, labelKeyProblems } from '../../apimachinery/names.ts'
import type { KubeObject, ObjectMeta, OwnerReference } from '../../apimachinery/object-meta.ts'
import { badRequest, type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { NO_STANDARD_FINALIZER, STANDARD_FINALIZERS } from '../../kinds/standard-finalizers.ts'

const ANNOTATIONS_LIMIT = 256 * 1024

/** A generated name is a prefix and five characters, so the prefix may end with a dash. */
const maskTrailingDash = (prefix: string) => (prefix.endsWith('-') ? `${prefix.slice(0, -1)}a` : prefix)

export function metaErrors(kind: AnyKind, meta: ObjectMeta): FieldError[] {
  const errors: FieldError[] = []
  const nameProblems = kind.strategy.nameProblems ?? dnsSubdomainProblems
  if (meta.generateName) {
    for (const problem of nameProblems(maskTrailingDash(meta.generateName))) {
      errors.push(fieldError.invalid('metadata.generateName', meta.generateName, problem))
    }
  }
  if (!meta.name) errors.push(fieldError.required('metadata.name', 'name or generateName is required'))
  else {
    for (const problem of nameProblems(meta.name)) errors.push(fieldError.invalid('metadata.name', meta.name, problem))
  }
  if (!kind.namespaced && meta.namespace) {
    errors.push(fieldError.forbidden('metadata.namespace', 'not allowed on this type'))
  }
  errors.push(
    ...labelsErrors('metadata.labels', meta.labels),
    ...annotationErrors(meta.annotations, 'metadata.annotations'),
  )
  errors.push(...ownerErrors(meta.ownerReferences ?? []), ...finalizerErrors(kind, meta.finalizers ?? []))
  return errors
}

function ownerErrors(owners: readonly OwnerReference[]): FieldError[] {
  const field = 'metadata.ownerReferences'
  const errors: FieldError[] = []
  let controller = ''
  for (const [index, owner] of owners.entries()) {
    const { apiVersion = '', kind = '', name = '', uid = '' } = owner
    const at = `${field}[${index}]`
    const [version = '', group = '', ...more] = apiVersion.split('/').reverse()
    if (!version || more.length > 0) {
      errors.push(fieldError.invalid(`${at}.apiVersion`, apiVersion, 'version must not be empty'))
    }
    for (const [part, value] of Object.entries({ kind, name, uid })) {
      if (!value) errors.push(fieldError.invalid(`${at}.${part}`, value, 'must not be empty'))
    }
    if (group === '' && version === 'v1' && kind === 'Event') {
      errors.push(fieldError.invalid(at, owner, '/v1, Kind=Event is disallowed from being an owner'))
    }
    if (!owner.controller) continue
    if (!controller) controller = `${kind}/${name}`
    else {
      const why = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${kind}/${name}`
      errors.push(fieldError.invalid(field, owners, why))
    }
  }
  return errors
}

/** Who checks metadata by rules that are not the core's lets finalizers have any name. */
const OTHER_RULES: ReadonlySet<string> = new Set([
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'coordination.k8s.io',
  'policy',
])

function finalizerErrors({ group, schema }: AnyKind, finalizers: readonly string[]): FieldError[] {
  const field = 'metadata.finalizers'
  const errors = finalizers.flatMap((name) =>
    labelKeyProblems(name).map((problem) => fieldError.invalid(field, name, problem)),
  )
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    const why = 'finalizer orphan and foregroundDeletion cannot be both set'
    errors.push(fieldError.invalid(field, finalizers, why))
  }
  if (schema || OTHER_RULES.has(group)) return errors
  for (const [index, name] of finalizers.entries()) {
    if (name.includes('/') || STANDARD_FINALIZERS.has(name)) continue
    errors.push(fieldError.invalid(`${field}[${index}]`, name, NO_STANDARD_FINALIZER))
  }
  return errors
}

/** Custom resources may have any finalizer, but their writers are told. */
export function finalizerWarnings(next: readonly string[] = [], previous: readonly string[] = []): string[] {
  const added = next.filter((name) => !previous.includes(name) && !name.includes('/') && !STANDARD_FINALIZERS.has(name))
  return [...new Set(added)].sort().map((name) => {
    const path = name.includes('.') ? ' including a path (/)' : ''
    return `metadata.finalizers: ${JSON.stringify(name)}: prefer a domain-qualified finalizer name${path} to avoid accidental conflicts with other finalizer writers`
  })
}

export function annotationErrors(annotations: Record<string, string> | undefined, field: string): FieldError[] {
  const errors: FieldError[] = []
  let size = 0
  for (const [key, value] of Object.entries(annotations ?? {})) {
    for (const problem of labelKeyProblems(key.toLowerCase())) errors.push(fieldError.invalid(field, key, problem))
    size += key.length + value.length
  }
  if (size > ANNOTATIONS_LIMIT) errors.push(fieldError.tooLong(field, ANNOTATIONS_LIMIT))
  return errors
}

export function metaUpdateErrors(next: KubeObject, previous: KubeObject): FieldError[] {
  const errors: FieldError[] = []
  const [meta, before] = [next.metadata ?? {}, previous.metadata ?? {}]
  if (before.deletionTimestamp) {
    const added = (meta.finalizers ?? []).filter((finalizer) => !before.finalizers?.includes(finalizer))
    if (added.length > 0) {
      const list = added.map((finalizer) => JSON.stringify(finalizer)).join(', ')
      errors.push(
        fieldError.forbidden(
          'metadata.finalizers',
          `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
        ),
      )
    }
  }
  for (const field of ['deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
    if (meta[field] !== before[field]) {
      errors.push(fieldError.invalid(`metadata.${field}`, meta[field], 'field is immutable'))
    }
  }
  return errors
}

/** As the URL names it. Upstream: apiserver/pkg/endpoints/handlers/rest.go checkName. */
export function assertNamed({ metadata }: KubeObject, name: string): void {
  if (!metadata?.name) {
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`)
  }
  if (metadata.name !== name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`)
  }
}
