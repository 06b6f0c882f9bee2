// Who did what, when: one line per request, at level Metadata. Upstream: audit.k8s.io/v1 Event.

import type { ApiRequest } from './api-request.ts'
import type { Outcome } from './outcome.ts'
import type { UserInfo } from './request-context.ts'

export interface AuditEvent {
  kind: 'Event'
  apiVersion: 'audit.k8s.io/v1'
  level: 'Metadata'
  auditID: string
  stage: 'ResponseStarted' | 'ResponseComplete'
  requestURI: string
  verb: string
  /** Who sent it, also when it acts as somebody else. */
  user: AuditedUser
  impersonatedUser?: AuditedUser
  sourceIPs: string[]
  userAgent: string
  objectRef?: {
    resource?: string
    namespace?: string
    name?: string
    apiGroup?: string
    apiVersion?: string
    subresource?: string
  }
  responseStatus: { metadata: Record<string, never>; status?: string; message?: string; reason?: string; code: number }
  requestReceivedTimestamp: string
  stageTimestamp: string
  annotations?: Record<string, string>
}

interface AuditedUser {
  username: string
  uid?: string
  groups: readonly string[]
  extra?: Readonly<Record<string, readonly string[]>>
}

const audited = ({ name: username, uid, groups, extra }: UserInfo): AuditedUser => ({
  username,
  ...(uid ? { uid } : {}),
  groups,
  ...(extra ? { extra } : {}),
})

export function auditEventOf(told: {
  outcome: Outcome
  request: ApiRequest
  code: number
  durationMs: number
  now: number
  stage: AuditEvent['stage']
}): AuditEvent {
  const { outcome, request, code, durationMs, now, stage } = told
  const { context, info } = outcome
  const { user, impersonator, decision, decisionReason } = context
  const query = request.query.toString()
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: context.id,
    stage,
    requestURI: query ? `${request.path}?${query}` : request.path,
    verb: info.verb,
    user: audited(impersonator ?? user),
    ...(impersonator ? { impersonatedUser: audited(user) } : {}),
    sourceIPs: [request.remoteAddress ?? '127.0.0.1'],
    userAgent: context.userAgent,
    ...(info.isResource
      ? {
          objectRef: {
            resource: info.resource,
            ...(info.namespace ? { namespace: info.namespace } : {}),
            ...(info.name ? { name: info.name } : {}),
            ...(info.group ? { apiGroup: info.group } : {}),
            apiVersion: info.version,
            ...(info.subresource ? { subresource: info.subresource } : {}),
          },
        }
      : {}),
    responseStatus: outcome.ok
      ? { metadata: {}, code }
      : { metadata: {}, status: 'Failure', message: outcome.error.message, reason: outcome.error.reason, code },
    requestReceivedTimestamp: microseconds(now - durationMs),
    stageTimestamp: microseconds(now),
    ...(decision
      ? {
          annotations: {
            'authorization.k8s.io/decision': decision.allowed ? 'allow' : 'forbid',
            'authorization.k8s.io/reason': decisionReason,
            ...context.annotations,
          },
        }
      : {}),
  }
}

const microseconds = (ms: number) => new Date(ms).toISOString().replace('Z', '000Z')
