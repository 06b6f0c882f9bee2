// Annotations by which pods and containers got seccomp profiles before there was a field for them: what may stand in one,
// and that it says the same as the field. Upstream: pkg/apis/core/validation ValidateSeccompPodAnnotations,
// validateSeccompAnnotationsAndFields.

import type { SeccompProfile } from 'kubernetes-types/core/v1'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { descendingPath } from '../storage/paths.ts'
import { eachContainer } from './each-container.ts'
import type { PodSpec } from './newer-fields.ts'

const OF_POD = 'seccomp.security.alpha.kubernetes.io/pod'
const OF_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/'
const LOCALHOST = 'localhost/'
const BY_TYPE: Readonly<Record<string, readonly string[]>> = {
  Unconfined: ['unconfined'],
  RuntimeDefault: ['runtime/default', 'docker/default'],
}

type Annotations = Readonly<Record<string, string>>

export function seccompAnnotationErrors(annotations: Annotations = {}, at: string): FieldError[] {
  return Object.entries(annotations).flatMap(([key, profile]) => {
    if (key !== OF_POD && !key.startsWith(OF_CONTAINER)) return []
    if (Object.values(BY_TYPE).flat().includes(profile)) return []
    return profile.startsWith(LOCALHOST)
      ? descendingPath(`${at}.${key}`, profile.slice(LOCALHOST.length))
      : [fieldError.invalid(`${at}.${key}`, profile, 'must be a valid seccomp profile')]
  })
}

/** Of new pods, and of templates of them. */
export function seccompMismatches(annotations: Annotations = {}, spec: PodSpec | undefined, at: string): FieldError[] {
  if (!spec) return []
  return [
    ...mismatch(annotations[OF_POD], spec.securityContext?.seccompProfile, `${at}.securityContext.seccompProfile`),
    ...eachContainer(spec, at, ({ name, securityContext }, here) =>
      mismatch(
        annotations[`${OF_CONTAINER}${name}`],
        securityContext?.seccompProfile,
        `${here}.securityContext.seccompProfile`,
      ),
    ),
  ]
}

function mismatch(annotation: string | undefined, profile: SeccompProfile | undefined, at: string): FieldError[] {
  if (annotation === undefined || !profile) return []
  const { type, localhostProfile } = profile
  const types = BY_TYPE[type]
  if (!types && type !== 'Localhost') return []
  const isSameType = types ? types.includes(annotation) : annotation.startsWith(LOCALHOST)
  if (!isSameType) return [fieldError.forbidden(`${at}.type`, 'seccomp type in annotation and field must match')]
  if (types || annotation.slice(LOCALHOST.length) === localhostProfile) return []
  return [fieldError.forbidden(`${at}.localhostProfile`, 'seccomp profile in annotation and field must match')]
}
