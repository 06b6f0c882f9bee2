// The door of this room: the API server, one per control plane. It alone opens the store.

export { type ApiServer, type ApiServerOptions, createApiServer } from './api-server.ts'
export { readAuthenticationFlags } from './authentication/index.ts'
export type { Attributes } from './authorization/authorizer.ts'
export { readAuthorizationFlags } from './authorization/index.ts'
export {
  type Explanation,
  explain,
  reachOf,
  whoCan,
} from './authorization/rbac/explain.ts'
export { type PolicyKind, RbacPolicy } from './authorization/rbac/policy.ts'
export { SUPERUSERS } from './authorization/superusers.ts'
export { storageKey, storagePrefix } from './registry/storage-keys.ts'
export type { AuditEvent } from './request-path/audit.ts'
export { decodeStored, withRevision } from './watch-cache/entry.ts'
