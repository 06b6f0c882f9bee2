// The operating system a pod is for, and what may be said for which. No node here runs Windows; manifests may be for it
// all the same. Upstream: pkg/apis/core/validation validateOS, validateLinux, validateWindows,
// validateWindowsSecurityContextOptions, validateWindowsHostProcessPod.

import type { WindowsSecurityContextOptions } from 'kubernetes-types/core/v1'
import { problemsAt } from '../../apimachinery/field-checks.ts'
import { dnsSubdomainProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { eachContainer } from './each-container.ts'
import type { PodSpec } from './newer-fields.ts'

const POD_CONTEXT = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'fsGroup',
  'fsGroupChangePolicy',
  'sysctls',
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
] as const
const CONTAINER_CONTEXT = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const
const NOT_WINDOWS = 'cannot be set for a windows pod'
const NOT_LINUX = 'windows options cannot be set for a linux pod'

const MOST_CREDENTIAL_KIB = 64
const LONGEST_DOMAIN = 256
const LONGEST_USER = 104
const NETBIOS = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/
const DNS = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/

export function operatingSystemErrors(spec: PodSpec, at: string): FieldError[] {
  if (!spec.os) return []
  const { name } = spec.os
  if (!name) return [fieldError.required(`${at}.os.name`)]
  if (name === 'linux') return linuxErrors(spec, at)
  if (name === 'windows') return windowsErrors(spec, at)
  return [fieldError.notSupported(`${at}.os`, name, ['linux', 'windows'])]
}

function linuxErrors(spec: PodSpec, at: string): FieldError[] {
  const field = 'securityContext.windowsOptions'
  return [
    ...(spec.securityContext?.windowsOptions ? [fieldError.forbidden(`${at}.${field}`, NOT_LINUX)] : []),
    ...eachContainer(spec, at, ({ securityContext }, here) =>
      securityContext?.windowsOptions ? [fieldError.forbidden(`${here}.${field}`, NOT_LINUX)] : [],
    ),
  ]
}

function windowsErrors(spec: PodSpec, at: string): FieldError[] {
  const refused = (where: string) => fieldError.forbidden(where, NOT_WINDOWS)
  const errors = POD_CONTEXT.filter((field) => spec.securityContext?.[field] !== undefined).map((field) =>
    refused(`${at}.securityContext.${field}`),
  )
  if (spec.hostUsers !== undefined) errors.push(refused(`${at}.hostUsers`))
  if (spec.hostPID) errors.push(refused(`${at}.hostPID`))
  if (spec.hostIPC) errors.push(refused(`${at}.hostIPC`))
  if (spec.shareProcessNamespace !== undefined) errors.push(refused(`${at}.shareProcessNamespace`))
  const ofContainers = eachContainer(spec, at, ({ securityContext }, here) =>
    CONTAINER_CONTEXT.filter((field) => securityContext?.[field] !== undefined).map((field) =>
      refused(`${here}.securityContext.${field}`),
    ),
  )
  return [...errors, ...ofContainers]
}

export function windowsOptionErrors(options: WindowsSecurityContextOptions | undefined, at: string): FieldError[] {
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: spec, runAsUserName: user } = options ?? {}
  const errors: FieldError[] = []
  if (name !== undefined) {
    errors.push(...problemsAt(`${at}.gmsaCredentialSpecName`, name, dnsSubdomainProblems(name)))
  }
  if (spec === '') {
    errors.push(fieldError.invalid(`${at}.gmsaCredentialSpec`, spec, 'gmsaCredentialSpec cannot be an empty string'))
  } else if (spec && Buffer.byteLength(spec) > MOST_CREDENTIAL_KIB * 1024) {
    const why = `gmsaCredentialSpec size must be under ${MOST_CREDENTIAL_KIB} KiB`
    errors.push(fieldError.invalid(`${at}.gmsaCredentialSpec`, spec, why))
  }
  return user === undefined ? errors : [...errors, ...problemsAt(`${at}.runAsUserName`, user, userProblems(user))]
}

function userProblems(name: string): string[] {
  if (name === '') return ['runAsUserName cannot be an empty string']
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\x00-\x1f\x7f]/.test(name)) return ['runAsUserName cannot contain control characters']
  const parts = name.split('\\')
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash']
  const user = parts.at(-1) ?? ''
  const domain = parts.length === 2 ? (parts[0] ?? '') : undefined
  const problems: string[] = []
  if (domain !== undefined && domain.length >= LONGEST_DOMAIN) {
    problems.push(`runAsUserName's Domain length must be under ${LONGEST_DOMAIN} characters`)
  }
  if (domain !== undefined && !NETBIOS.test(domain) && !DNS.test(domain)) {
    problems.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format")
  }
  if (user === '') problems.push("runAsUserName's User cannot be empty")
  else if (user.length > LONGEST_USER) {
    problems.push(`runAsUserName's User length must not be longer than ${LONGEST_USER} characters`)
  }
  if (/^[. ]+$/.test(user)) problems.push("runAsUserName's User cannot contain only periods or spaces")
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) {
    problems.push(`runAsUserName's User cannot contain the following characters: "/\\:;|=,+*?<>@[]`)
  }
  return problems
}

export function hostProcessErrors(spec: PodSpec, at: string): FieldError[] {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess
  let containers = 0
  let onHost = 0
  const errors = eachContainer(spec, at, ({ securityContext }, here) => {
    const own = securityContext?.windowsOptions?.hostProcess
    containers++
    if (own ?? ofPod) onHost++
    if (ofPod === undefined || own === undefined || own === ofPod) return []
    const why = `pod hostProcess value must be identical if both are specified, was ${ofPod}`
    return [fieldError.invalid(`${here}.securityContext.windowsOptions.hostProcess`, own, why)]
  })
  if (onHost === 0) return errors
  if (onHost !== containers) {
    const why = 'If pod contains any hostProcess containers then all containers must be HostProcess containers'
    errors.push(fieldError.invalid(at, '', why))
  }
  if (!spec.hostNetwork) {
    const why = 'hostNetwork must be true if pod contains any hostProcess containers'
    errors.push(fieldError.invalid(`${at}.hostNetwork`, false, why))
  }
  return errors
}
