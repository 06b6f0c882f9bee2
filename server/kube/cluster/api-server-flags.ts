// What a cluster's spec says of its API server, by upstream's flags.

import { ADMISSION_FLAGS } from '../apiserver/admission/flag-names.ts'
import { AUDIT_FLAGS } from '../apiserver/audit/flag-names.ts'
import { AUTHORIZATION_FLAGS } from '../apiserver/authorization/flag-names.ts'
import {
  type ApiServerOptions,
  type AuditSettings,
  authorizationFile,
  readAdmissionFlags,
  readAuditFlags,
  readAuthenticationFlags,
  readAuthorizationFlags,
} from '../apiserver/index.ts'
import { API_SERVER, type ClusterSpec } from './cluster-spec.ts'

export const SERVICE_ACCOUNT_ISSUER = 'https://kubernetes.default.svc.cluster.local'

/** Throws in words for whoever wrote the spec. */
export function readApiServerFlags({ extraConfig = {} }: ClusterSpec): Promise<AccessSettings> {
  const told = Object.entries(extraConfig)
    .filter(([key]) => key.startsWith(API_SERVER))
    .map(([key, value]) => [key.slice(API_SERVER.length), value])
  // Machines join with tokens, unless somebody wants it otherwise.
  const flags = { 'enable-bootstrap-token-auth': 'true', ...Object.fromEntries(told) }
  return readAccessFlags(flags, SERVICE_ACCOUNT_ISSUER)
}

export interface AccessSettings
  extends Pick<ApiServerOptions, 'authentication' | 'authorization' | 'authorizationFile' | 'admission' | 'flags'> {
  audit: AuditSettings
}

/** Who people are, who may do what, what may be written, and what is written down of it. */
export async function readAccessFlags(
  flags: Readonly<Record<string, string>>,
  issuer: string,
): Promise<AccessSettings> {
  const named = (names: readonly string[]) =>
    Object.fromEntries(Object.entries(flags).filter(([name]) => names.includes(name)))
  const known = [...AUTHORIZATION_FLAGS, ...ADMISSION_FLAGS, ...AUDIT_FLAGS]
  const others = Object.keys(flags).filter((name) => !known.includes(name))
  const watched = await authorizationFile(named(AUTHORIZATION_FLAGS))
  return {
    ...(watched ? { authorizationFile: watched } : {}),
    authentication: await readAuthenticationFlags(named(others), issuer),
    admission: readAdmissionFlags(named(ADMISSION_FLAGS)),
    authorization: await readAuthorizationFlags(named(AUTHORIZATION_FLAGS)),
    audit: await readAuditFlags(named(AUDIT_FLAGS)),
    flags: { ...(watched ? {} : { 'authorization-mode': 'Node,RBAC' }), 'anonymous-auth': 'true', ...flags },
  }
}
