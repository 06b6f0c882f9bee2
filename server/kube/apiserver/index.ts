// The door of this room: the API server, one per control plane. It alone opens the store.

export { readAdmissionFlags } from './admission/flags.ts'
export { type ApiServer, type ApiServerOptions, createApiServer } from './api-server.ts'
export type { AuditOptions } from './audit/auditor.ts'
export type { AuditEvent } from './audit/event.ts'
export { type AuditSettings, readAuditFlags } from './audit/flags.ts'
export { METADATA_OF_ALL } from './audit/policy.ts'
export { AuditWebhook } from './audit/webhook.ts'
export { readAuthenticationFlags } from './authentication/index.ts'
export type { Attributes } from './authorization/authorizer.ts'
export { authorizationFile, readAuthorizationFlags } from './authorization/index.ts'
export {
  type Explanation,
  explain,
  reachOf,
  whoCan,
} from './authorization/rbac/explain.ts'
export { type PolicyKind, RbacPolicy } from './authorization/rbac/policy.ts'
export { SUPERUSERS } from './authorization/superusers.ts'
export { storageKey, storagePrefix } from './registry/storage-keys.ts'
export { decodeStored, withRevision } from './watch-cache/entry.ts'
