// With which rights a pod and its containers run. Upstream: pkg/apis/core/validation validatePodSpecSecurityContext,
// ValidateSecurityContext.

import type { AppArmorProfile, SeccompProfile, SecurityContext } from 'kubernetes-types/core/v1'
import { oneOf, problemsAt } from '../../apimachinery/field-checks.ts'
import { idProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { descendingPath } from '../storage/paths.ts'
import type { PodSpec } from './newer-fields.ts'
import { contextInGo } from './security-in-go.ts'
import { windowsOptionErrors } from './windows.ts'

const PROFILE_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined']
const CHOICES = [
  ['fsGroupChangePolicy', ['Always', 'OnRootMismatch']],
  ['supplementalGroupsPolicy', ['Merge', 'Strict']],
  // The other one is of a gate that is closed.
  ['seLinuxChangePolicy', ['Recursive']],
] as const
const LONGEST_PROFILE = 4095
const LONGEST_SYSCTL = 253
const SYSCTL = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/
const BAD_SYSCTL =
  `must have at most ${LONGEST_SYSCTL} characters and match regex ` +
  '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$'

export function podSecurityErrors(spec: PodSpec, at: string): FieldError[] {
  const context = spec.securityContext
  if (!context) return []
  const errors: FieldError[] = []
  for (const field of ['fsGroup', 'runAsUser', 'runAsGroup'] as const) errors.push(...idErrors(context, field, at))
  for (const [index, group] of (context.supplementalGroups ?? []).entries()) {
    errors.push(...problemsAt(`${at}.supplementalGroups[${index}]`, group, idProblems(group)))
  }
  errors.push(...sysctlErrors(spec, `${at}.sysctls`))
  for (const [field, supported] of CHOICES) {
    if (context[field] !== undefined) errors.push(...oneOf(`${at}.${field}`, context[field], [...supported]))
  }
  return [
    ...errors,
    ...seccompErrors(context.seccompProfile, `${at}.seccompProfile`),
    ...windowsOptionErrors(context.windowsOptions, `${at}.windowsOptions`),
    ...appArmorErrors(context.appArmorProfile, `${at}.appArmorProfile`),
  ]
}

export function containerSecurityErrors(
  context: SecurityContext | undefined,
  at: string,
  { hostUsers }: { hostUsers: boolean },
): FieldError[] {
  if (!context) return []
  const errors = [...idErrors(context, 'runAsUser', at), ...idErrors(context, 'runAsGroup', at)]
  const { procMount, allowPrivilegeEscalation, privileged, capabilities } = context
  if (procMount !== undefined) errors.push(...oneOf(`${at}.procMount`, procMount, ['Default', 'Unmasked']))
  if (procMount === 'Unmasked' && hostUsers) {
    errors.push(fieldError.invalid(`${at}.procMount`, procMount, '`hostUsers` must be false to use `Unmasked`'))
  }
  errors.push(...seccompErrors(context.seccompProfile, `${at}.seccompProfile`))
  if (allowPrivilegeEscalation === false) {
    if (privileged) {
      const why = 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'
      errors.push(fieldError.invalid(at, contextInGo(context), why))
    }
    if (capabilities?.add?.includes('CAP_SYS_ADMIN')) {
      const why = 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'
      errors.push(fieldError.invalid(at, contextInGo(context), why))
    }
  }
  return [
    ...errors,
    ...windowsOptionErrors(context.windowsOptions, `${at}.windowsOptions`),
    ...appArmorErrors(context.appArmorProfile, `${at}.appArmorProfile`),
  ]
}

function idErrors<T extends object>(context: T, field: keyof T & string, at: string): FieldError[] {
  const id = context[field]
  return typeof id === 'number' ? problemsAt(`${at}.${field}`, id, idProblems(id)) : []
}

function seccompErrors(profile: SeccompProfile | undefined, at: string): FieldError[] {
  if (!profile) return []
  const { type, localhostProfile: path } = profile
  const field = `${at}.localhostProfile`
  const errors = type
    ? oneOf(`${at}.type`, type, PROFILE_TYPES)
    : [fieldError.required(`${at}.type`, 'type is required when seccompProfile is set')]
  if (type !== 'Localhost') {
    if (path === undefined) return errors
    return [...errors, fieldError.invalid(field, profile, 'can only be set when seccomp type is Localhost')]
  }
  return path === undefined
    ? [...errors, fieldError.required(field, 'must be set when seccomp type is Localhost')]
    : [...errors, ...descendingPath(field, path)]
}

export function appArmorErrors(profile: AppArmorProfile | undefined, at: string): FieldError[] {
  if (!profile) return []
  const { type, localhostProfile: name } = profile
  const field = `${at}.localhostProfile`
  if (!type) return [fieldError.required(`${at}.type`, 'type is required when appArmorProfile is set')]
  if (!PROFILE_TYPES.includes(type)) return [fieldError.notSupported(`${at}.type`, type, PROFILE_TYPES)]
  if (type !== 'Localhost') {
    const why = 'can only be set when AppArmor type is Localhost'
    return name === undefined ? [] : [fieldError.invalid(field, name, why)]
  }
  const required = fieldError.required(field, 'must be set when AppArmor type is Localhost')
  if (name === undefined) return [required]
  const errors: FieldError[] = []
  if (name !== name.trim()) errors.push(fieldError.invalid(field, name, 'must not be padded with whitespace'))
  else if (name === '') errors.push(required)
  return name.length > LONGEST_PROFILE ? [...errors, fieldError.tooLong(field, LONGEST_PROFILE)] : errors
}

function sysctlErrors({ securityContext, hostNetwork, hostIPC }: PodSpec, at: string): FieldError[] {
  const names = new Set<string>()
  return (securityContext?.sysctls ?? []).flatMap(({ name = '' }, index) => {
    const field = `${at}[${index}].name`
    const errors: FieldError[] = []
    if (!name) errors.push(fieldError.required(field))
    else if (name.length > LONGEST_SYSCTL || !SYSCTL.test(name)) {
      errors.push(fieldError.invalid(field, name, BAD_SYSCTL))
    } else if (names.has(name)) errors.push(fieldError.duplicate(field, name))
    names.add(name)
    const namespace = namespaceOf(name)
    if (hostNetwork && namespace === 'net') {
      errors.push(fieldError.invalid(field, name, "may not be specified when 'hostNetwork' is true"))
    } else if (hostIPC && namespace === 'ipc') {
      errors.push(fieldError.invalid(field, name, "may not be specified when 'hostIPC' is true"))
    }
    return errors
  })
}

/** Which of the kernel's namespaces a setting belongs to. Upstream: component-helpers/node/util/sysctl. */
function namespaceOf(sysctl: string): 'ipc' | 'net' | undefined {
  const separator = sysctl.search(/[./]/)
  const name = sysctl[separator] === '/' ? sysctl.replace(/[./]/g, (c) => (c === '/' ? '.' : '/')) : sysctl
  if (name === 'kernel.sem' || name.startsWith('kernel.shm') || name.startsWith('kernel.msg')) return 'ipc'
  if (name.startsWith('fs.mqueue.')) return 'ipc'
  return name.startsWith('net.') ? 'net' : undefined
}
