// Annotations by which containers got AppArmor profiles before there was a field for them: what may stand in one, and that
// it says the same as the field; where there is no field, a new pod gets it from there. Upstream: pkg/apis/core/validation ValidateAppArmorPodAnnotations,
// validateAppArmorAnnotationsAndFieldsMatchOnCreate; pkg/registry/core/pod/strategy.go applyAppArmorVersionSkew.

import type { AppArmorProfile, Pod } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { eachContainer } from './each-container.ts'
import type { PodSpec } from './newer-fields.ts'
import { appArmorErrors } from './security-context.ts'

export const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/'
const LOCALHOST = 'localhost/'
const BY_TYPE: Readonly<Record<string, string>> = { Unconfined: 'unconfined', RuntimeDefault: 'runtime/default' }

type Annotations = Readonly<Record<string, string>>

export function appArmorAnnotationErrors(
  annotations: Annotations = {},
  spec: PodSpec | undefined,
  at: string,
): FieldError[] {
  const names = spec ? eachContainer(spec, '', ({ name }) => [name]) : []
  return Object.entries(annotations).flatMap(([key, profile]) => {
    if (!key.startsWith(APP_ARMOR)) return []
    const name = key.slice(APP_ARMOR.length)
    const isKnown = profile === '' || Object.values(BY_TYPE).includes(profile) || profile.startsWith(LOCALHOST)
    return [
      ...(names.includes(name) ? [] : [fieldError.invalid(`${at}[${key}]`, name, 'container not found')]),
      ...(isKnown
        ? []
        : [fieldError.invalid(`${at}[${key}]`, profile, `invalid AppArmor profile name: ${JSON.stringify(profile)}`)]),
    ]
  })
}

/** Of new pods, and of templates of them. */
export function appArmorMismatches(annotations: Annotations = {}, spec: PodSpec | undefined, at: string): FieldError[] {
  if (!spec || spec.os?.name === 'windows') return []
  return eachContainer(spec, at, ({ name, securityContext }, here) => {
    const annotation = annotations[`${APP_ARMOR}${name}`]
    const profile = securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile
    if (annotation === undefined || !profile) return []
    return mismatch(annotation, profile, `${here}.securityContext.appArmorProfile`)
  })
}

/** Mutates. Whoever relies on an annotation that is not simply said again is told of the field. */
export function takeAppArmorFromAnnotations({ metadata, spec }: Pod, occasion?: { warn(message: string): void }): void {
  if (!spec || spec.os?.name === 'windows') return
  eachContainer(spec as PodSpec, '', (container) => {
    const key = `${APP_ARMOR}${container.name}`
    const annotation = metadata?.annotations?.[key]
    if (annotation === undefined || container.securityContext?.appArmorProfile) return []
    const profile = profileIn(annotation)
    if (saysProfile(annotation, spec.securityContext?.appArmorProfile)) return []
    if (profile) container.securityContext = { ...container.securityContext, appArmorProfile: profile }
    occasion?.warn(`metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`)
    return []
  })
}

/** Whether an annotation only says again what a field says. */
export const saysProfile = (annotation: string | undefined, profile: AppArmorProfile | undefined): boolean =>
  annotation !== undefined && profile !== undefined && deepEqual(profileIn(annotation), profile)

/** Undefined where it says none that there could be. */
function profileIn(annotation: string): AppArmorProfile | undefined {
  const [type] = Object.entries(BY_TYPE).find(([, said]) => said === annotation) ?? []
  const localhostProfile = annotation.startsWith(LOCALHOST) ? annotation.slice(LOCALHOST.length) : undefined
  const profile = type ? { type } : localhostProfile !== undefined ? { type: 'Localhost', localhostProfile } : undefined
  return appArmorErrors(profile, '').length === 0 ? profile : undefined
}

function mismatch(annotation: string, { type, localhostProfile }: AppArmorProfile, at: string): FieldError[] {
  const isSameType = type === 'Localhost' ? annotation.startsWith(LOCALHOST) : annotation === BY_TYPE[type]
  if (!isSameType) return [fieldError.forbidden(`${at}.type`, 'apparmor type in annotation and field must match')]
  if (type !== 'Localhost' || annotation.slice(LOCALHOST.length) === localhostProfile) return []
  return [fieldError.forbidden(`${at}.localhostProfile`, 'apparmor profile in annotation and field must match')]
}
