// What metadata must look like, for objects of every kind.
// Upstream: apimachinery/pkg/api/validation/objectmeta.go, apiserver/pkg/registry/rest/update.go.

import { dnsSubdomainProblems, labelKeyProblems, labelValueProblems } from '../../apimachinery/names.ts'
import type { KubeObject, ObjectMeta } from '../../apimachinery/object-meta.ts'
import { badRequest, type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'

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
    ...labelErrors(meta.labels, 'metadata.labels'),
    ...annotationErrors(meta.annotations, 'metadata.annotations'),
  )
  for (const finalizer of meta.finalizers ?? []) {
    for (const problem of labelKeyProblems(finalizer)) {
      errors.push(fieldError.invalid('metadata.finalizers', finalizer, problem))
    }
  }
  for (const [index, owner] of (meta.ownerReferences ?? []).entries()) {
    const at = `metadata.ownerReferences[${index}]`
    if (!owner.apiVersion)
      errors.push(fieldError.invalid(`${at}.apiVersion`, owner.apiVersion ?? '', 'version must not be empty'))
    if (!owner.kind) errors.push(fieldError.invalid(`${at}.kind`, owner.kind ?? '', 'must not be empty'))
    if (!owner.name) errors.push(fieldError.invalid(`${at}.name`, owner.name ?? '', 'must not be empty'))
    if (!owner.uid) errors.push(fieldError.invalid(`${at}.uid`, owner.uid ?? '', 'must not be empty'))
  }
  const controllers = (meta.ownerReferences ?? []).filter((owner) => owner.controller)
  if (controllers.length > 1) {
    errors.push(
      fieldError.invalid(
        'metadata.ownerReferences',
        meta.ownerReferences,
        `Only one reference can have Controller set to true. Found "true" in references for ${controllers.map((owner) => owner.name).join(' and ')}`,
      ),
    )
  }
  return errors
}

export function labelErrors(labels: Record<string, string> | undefined, field: string): FieldError[] {
  const errors: FieldError[] = []
  for (const [key, value] of Object.entries(labels ?? {})) {
    for (const problem of labelKeyProblems(key)) errors.push(fieldError.invalid(field, key, problem))
    for (const problem of labelValueProblems(value)) errors.push(fieldError.invalid(field, value, problem))
  }
  return errors
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
  if (meta.creationTimestamp && meta.creationTimestamp !== before.creationTimestamp) {
    errors.push(fieldError.invalid('metadata.creationTimestamp', meta.creationTimestamp, 'field is immutable'))
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
