// What a cluster's spec says of its API server, by upstream's flags.

import { type AuthenticationSettings, readAuthenticationFlags } from '../apiserver/index.ts'
import { API_SERVER, type ClusterSpec } from './cluster-spec.ts'

export const SERVICE_ACCOUNT_ISSUER = 'https://kubernetes.default.svc.cluster.local'

/** Throws in words for whoever wrote the spec. */
export function readApiServerFlags({ extraConfig = {} }: ClusterSpec): Promise<AuthenticationSettings> {
  const told = Object.entries(extraConfig).map(([key, value]) => [key.slice(API_SERVER.length), value])
  // Machines join with tokens, unless somebody wants it otherwise.
  const flags = { 'enable-bootstrap-token-auth': 'true', ...Object.fromEntries(told) }
  return readAuthenticationFlags(flags, SERVICE_ACCOUNT_ISSUER)
}
