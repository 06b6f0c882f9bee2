// Whose pods are not looked at, by the configuration of the server. Upstream: k8s.io/pod-security-admission/admission/api.

import type { PodSpec } from 'kubernetes-types/core/v1'
import type { AdmissionRequest } from '../admission.ts'

export interface Exemptions {
  usernames: readonly string[]
  namespaces: readonly string[]
  runtimeClasses: readonly string[]
}

export const NOBODY_EXEMPT: Exemptions = { usernames: [], namespaces: [], runtimeClasses: [] }

/** By which of its properties; told to the audit log. */
export function exemptBy(
  { usernames, namespaces, runtimeClasses }: Exemptions,
  { namespace, user }: AdmissionRequest,
  { runtimeClassName = '' }: PodSpec,
): 'namespace' | 'user' | 'runtimeClass' | undefined {
  if (namespaces.includes(namespace)) return 'namespace'
  if (usernames.includes(user.name)) return 'user'
  return runtimeClassName && runtimeClasses.includes(runtimeClassName) ? 'runtimeClass' : undefined
}
