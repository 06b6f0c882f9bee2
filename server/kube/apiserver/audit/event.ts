// Who did what, when: one line for each stage that is written down. Upstream: audit.k8s.io/v1 Event.

import { microTimeOf } from '../../../base/clock.ts'
import type { ApiRequest } from '../request-path/api-request.ts'
import type { Outcome } from '../request-path/outcome.ts'
import type { RequestContext, UserInfo } from '../request-path/request-context.ts'
import type { RequestInfo } from '../request-path/request-info.ts'
import { atLeast, type Level, type Stage } from './policy.ts'

export interface AuditEvent {
  kind: 'Event'
  apiVersion: 'audit.k8s.io/v1'
  level: Level
  auditID: string
  stage: Stage
  requestURI: string
  verb: string
  /** Who sent it, also when it acts as somebody else. */
  user: AuditedUser
  impersonatedUser?: AuditedUser
  authenticationMetadata?: { impersonationConstraint: string }
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
  /** Absent while there is no answer yet. */
  responseStatus?: { metadata: Record<string, never>; status?: string; message?: string; reason?: string; code: number }
  requestReceivedTimestamp: string
  stageTimestamp: string
  annotations?: Record<string, string>
  requestObject?: unknown
  responseObject?: unknown
}

interface AuditedUser {
  username: string
  uid?: string
  groups: readonly string[]
  extra?: Readonly<Record<string, readonly string[]>>
}

function audited({ name: username, uid, groups, extra }: UserInfo): AuditedUser {
  const who: AuditedUser = uid ? { username, uid, groups } : { username, groups }
  if (extra) who.extra = extra
  return who
}

export function auditEventOf(told: {
  context: RequestContext
  info: RequestInfo
  request: ApiRequest
  level: Level
  stage: Stage
  now: number
  durationMs: number
  /** Once there is an answer. */
  outcome?: Outcome
  code?: number
}): AuditEvent {
  const { context, info, request, level, stage, now, durationMs, outcome, code = 0 } = told
  const { user, impersonator, impersonationConstraint: constraint, decision, decisionReason } = context
  const query = request.query.toString()
  // In the order in which upstream writes them; put together piece by piece, as each request makes one.
  const event: Partial<AuditEvent> = {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level,
    auditID: context.auditId,
    stage,
    requestURI: query ? `${request.path}?${query}` : request.path,
    verb: info.verb,
    user: audited(impersonator ?? user),
  }
  if (impersonator) event.impersonatedUser = audited(user)
  if (constraint) event.authenticationMetadata = { impersonationConstraint: constraint }
  event.sourceIPs = [request.remoteAddress ?? '127.0.0.1']
  event.userAgent = context.userAgent
  if (info.isResource) event.objectRef = objectRefOf(info)
  if (outcome) event.responseStatus = responseStatusOf(outcome, code)
  event.requestReceivedTimestamp = microTimeOf(now - durationMs)
  event.stageTimestamp = microTimeOf(now)
  if (decision) {
    event.annotations = {
      'authorization.k8s.io/decision': decision.allowed ? 'allow' : 'forbid',
      'authorization.k8s.io/reason': decisionReason,
      ...context.annotations,
      ...(atLeast(level, 'Request') ? context.bodyAnnotations : {}),
    }
  }
  return event as AuditEvent
}

function objectRefOf({ resource, namespace, name, group, version, subresource }: RequestInfo) {
  const reference: NonNullable<AuditEvent['objectRef']> = { resource }
  if (namespace) reference.namespace = namespace
  if (name) reference.name = name
  if (group) reference.apiGroup = group
  reference.apiVersion = version
  if (subresource) reference.subresource = subresource
  return reference
}

const responseStatusOf = (outcome: Outcome, code: number): NonNullable<AuditEvent['responseStatus']> =>
  outcome.ok
    ? { metadata: {}, code }
    : {
        metadata: {},
        status: 'Failure',
        message: 'panic' in outcome ? `APIServer panic'd: ${textOf(outcome.panic)}` : outcome.error.message,
        reason: outcome.error.reason,
        code,
      }

const textOf = (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown))
