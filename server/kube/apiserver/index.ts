// The door of this room: the API server, one per control plane. It alone opens the store.

export { type ApiServer, type ApiServerOptions, createApiServer } from './api-server.ts'
export type { AuditEvent } from './request-path/audit.ts'
