// The environment of a container: said, or taken from elsewhere. Upstream: pkg/apis/core/validation ValidateEnv,
// ValidateEnvFrom.

import { problemsAt } from '../../apimachinery/field-checks.ts'
import { configKeyProblems, dnsLabelProblems, dnsSubdomainProblems, envNameProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { withoutBacksteps } from '../storage/paths.ts'
import { eachContainer } from './each-container.ts'
import { fieldReferenceErrors, resourceReferenceErrors } from './field-references.ts'
import type { Container, EnvVar, FileKeySelector, PodSpec } from './newer-fields.ts'

const FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]
const ONE_SOURCE =
  'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'
const TWO_SOURCES = 'may not have more than one field specified at a time'

export function environmentErrors({ env = [], envFrom = [] }: Container, at: string): FieldError[] {
  return [
    ...env.flatMap((variable, index) => {
      const here = `${at}.env[${index}]`
      const { name } = variable
      const errors = name
        ? problemsAt(`${here}.name`, name, envNameProblems(name))
        : [fieldError.required(`${here}.name`)]
      return [...errors, ...valueErrors(variable, `${here}.valueFrom`)]
    }),
    ...envFrom.flatMap(({ prefix, configMapRef, secretRef }, index) => {
      const here = `${at}.envFrom[${index}]`
      const errors = prefix ? problemsAt(`${here}.prefix`, prefix, envNameProblems(prefix)) : []
      for (const [field, ref] of Object.entries({ configMapRef, secretRef })) {
        if (ref) errors.push(...nameErrors(ref.name, `${here}.${field}.name`))
      }
      // Upstream tells these two of the whole list.
      if (!configMapRef && !secretRef) {
        errors.push(fieldError.invalid(`${at}.envFrom`, '', 'must specify one of: `configMapRef` or `secretRef`'))
      } else if (configMapRef && secretRef) errors.push(fieldError.invalid(`${at}.envFrom`, '', TWO_SOURCES))
      return errors
    }),
  ]
}

function valueErrors({ value, valueFrom }: EnvVar, at: string): FieldError[] {
  if (!valueFrom) return []
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = valueFrom
  const errors: FieldError[] = []
  if (fieldRef) errors.push(...fieldReferenceErrors(fieldRef, `${at}.fieldRef`, FIELDS))
  if (resourceFieldRef) {
    errors.push(...resourceReferenceErrors(resourceFieldRef, `${at}.resourceFieldRef`, { inVolume: false }))
  }
  for (const [field, ref] of Object.entries({ configMapKeyRef, secretKeyRef })) {
    if (!ref) continue
    errors.push(...problemsAt(`${at}.${field}.name`, ref.name ?? '', dnsSubdomainProblems(ref.name ?? '')))
    if (!ref.key) errors.push(fieldError.required(`${at}.${field}.key`))
    else errors.push(...problemsAt(`${at}.${field}.key`, ref.key, configKeyProblems(ref.key)))
  }
  if (fileKeyRef) errors.push(...fileKeyErrors(fileKeyRef, `${at}.fileKeyRef`))
  const sources = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef].filter(Boolean).length
  if (sources === 0) errors.push(fieldError.invalid(at, '', ONE_SOURCE))
  else if (value) errors.push(fieldError.invalid(at, '', 'may not be specified when `value` is not empty'))
  else if (sources > 1) errors.push(fieldError.invalid(at, '', TWO_SOURCES))
  return errors
}

function nameErrors(name: string | undefined, field: string): FieldError[] {
  return name ? problemsAt(field, name, dnsSubdomainProblems(name)) : [fieldError.required(field)]
}

function fileKeyErrors({ key, volumeName, path }: FileKeySelector, at: string): FieldError[] {
  return [
    ...(key ? problemsAt(`${at}.key`, key, envNameProblems(key)) : [fieldError.required(`${at}.key`)]),
    ...(volumeName
      ? problemsAt(`${at}.volumeName`, volumeName, dnsLabelProblems(volumeName))
      : [fieldError.required(`${at}.volumeName`)]),
    ...(path ? withoutBacksteps(`${at}.path`, path) : [fieldError.required(`${at}.path`)]),
  ]
}

/** Files that variables are read from are written by the pod itself, so they are in a volume that begins empty. */
export function fileVolumeErrors(spec: PodSpec, at: string): FieldError[] {
  // From the end: of two with one name the first counts.
  const volumes = new Map((spec.volumes ?? []).toReversed().map((volume) => [volume.name, volume]))
  return eachContainer(spec, at, ({ env = [] }, here) =>
    env.flatMap(({ valueFrom }, index) => {
      if (!valueFrom?.fileKeyRef) return []
      const { volumeName } = valueFrom.fileKeyRef
      const field = `${here}.env[${index}].valueFrom.fileKeyRef.volumeName`
      const volume = volumes.get(volumeName)
      if (!volume) return [fieldError.notFound(field, volumeName)]
      return volume.emptyDir
        ? []
        : [fieldError.invalid(field, volumeName, 'referenced volume must be of type emptyDir')]
    }),
  )
}
