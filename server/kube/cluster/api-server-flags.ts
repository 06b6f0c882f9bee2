// What a cluster's spec says of its API server, by upstream's flags.

import { AUTHORIZATION_FLAGS } from '../apiserver/authorization/flag-names.ts'
import { type ApiServerOptions, readAuthenticationFlags, readAuthorizationFlags } from '../apiserver/index.ts'
import { API_SERVER, type ClusterSpec } from './cluster-spec.ts'

export const SERVICE_ACCOUNT_ISSUER = 'https://kubernetes.default.svc.cluster.local'

/** Throws in words for whoever wrote the spec. */
export function readApiServerFlags({ extraConfig = {} }: ClusterSpec): Promise<AccessSettings> {
  const told = Object.entries(extraConfig).map(([key, value]) => [key.slice(API_SERVER.length), value])
  // Machines join with tokens, unless somebody wants it otherwise.
  const flags = { 'enable-bootstrap-token-auth': 'true', ...Object.fromEntries(told) }
  return readAccessFlags(flags, SERVICE_ACCOUNT_ISSUER)
}

export type AccessSettings = Pick<ApiServerOptions, 'authentication' | 'authorization'>

/** Who people are, and who may do what. */
export async function readAccessFlags(
  flags: Readonly<Record<string, string>>,
  issuer: string,
): Promise<AccessSettings> {
  const isAuthorization = ([name]: [string, string]) => AUTHORIZATION_FLAGS.includes(name)
  const all = Object.entries(flags)
  return {
    authentication: await readAuthenticationFlags(
      Object.fromEntries(all.filter((one) => !isAuthorization(one))),
      issuer,
    ),
    authorization: await readAuthorizationFlags(Object.fromEntries(all.filter(isAuthorization))),
  }
}
