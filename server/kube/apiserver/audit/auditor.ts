// Writes requests down as the policy says: who and what at least; what was sent and what was answered where it asks for it.
// Upstream: apiserver/pkg/endpoints/filters/audit.go.

import { isDeeperThan } from '../../apimachinery/deep.ts'
import { KEPT_DEPTH } from '../../apimachinery/depth.ts'
import { isJsonObject, type JsonObject, parseJson } from '../../apimachinery/json.ts'
import { badRequest } from '../../apimachinery/status-error.ts'
import { readProtobuf } from '../../schemas/protobuf/protobuf.ts'
import type { Schemas } from '../../schemas/schemas.ts'
import type { ApiRequest } from '../request-path/api-request.ts'
import type { Outcome } from '../request-path/outcome.ts'
import { readYaml } from '../request-path/read-yaml.ts'
import type { RequestContext, UserInfo } from '../request-path/request-context.ts'
import type { RequestInfo } from '../request-path/request-info.ts'
import { type AuditEvent, auditEventOf } from './event.ts'
import { type AuditPolicy, type AuditRule, atLeast, ruleFor, type Stage } from './policy.ts'

export interface AuditOptions {
  policy: AuditPolicy
  write(event: AuditEvent): void
}

interface Audited {
  /** Undefined: not at all. */
  rule: AuditRule | undefined
  /** As it was sent; undefined until somebody has read it. */
  body?: { bytes: Buffer; contentType: string } | { value: unknown }
}

export class Auditor {
  readonly #options: AuditOptions
  readonly #schemas: Schemas
  readonly #audited = new WeakMap<RequestContext, Audited>()

  constructor(options: AuditOptions, schemas: Schemas) {
    this.#options = options
    this.#schemas = schemas
  }

  /** To be called when it is known who asks; the request to go on with keeps its body where that is wanted. */
  begin(context: RequestContext, info: RequestInfo, request: ApiRequest): ApiRequest {
    const rule = ruleFor(this.#options.policy, sender(context), info)
    const audited: Audited = { rule }
    this.#audited.set(context, audited)
    if (!rule) return request
    if (!rule.omitStages.includes('RequestReceived')) {
      const now = context.clock.now()
      this.#options.write(
        auditEventOf({ context, info, request, level: rule.level, stage: 'RequestReceived', now, durationMs: 0 }),
      )
    }
    return atLeast(rule.level, 'Request') ? keepingBody(request, audited) : request
  }

  end(told: { outcome: Outcome; request: ApiRequest; code: number; durationMs: number; stage: Stage }): void {
    const { outcome, request, code, durationMs, stage } = told
    const { context, info } = outcome
    // A request whose sender nobody knows is written down all the same.
    const audited = this.#audited.get(context) ?? { rule: ruleFor(this.#options.policy, sender(context), info) }
    const { rule } = audited
    if (!rule || rule.omitStages.includes(stage)) return
    const { level, omitManagedFields } = rule
    const shown = (object: unknown) => (omitManagedFields ? withoutManagedFields(object) : object)
    const sent = atLeast(level, 'Request') ? sentObject(audited, this.#schemas) : undefined
    const answered = level === 'RequestResponse' && stage === 'ResponseComplete' ? answeredObject(outcome) : undefined
    const now = context.clock.now()
    const event = auditEventOf({ context, info, request, level, stage, now, durationMs, outcome, code })
    if (sent !== undefined) event.requestObject = shown(sent)
    if (answered !== undefined) event.responseObject = shown(answered)
    this.#options.write(event)
  }
}

/** Whom the rules are about: the sender, also when it acts as somebody else. */
const sender = ({ impersonator, user }: RequestContext): UserInfo => impersonator ?? user

function keepingBody(request: ApiRequest, audited: Audited): ApiRequest {
  const { body, contentType } = request
  if (body.type === 'object') audited.body = { value: body.value }
  if (body.type !== 'bytes') return request
  const read = async () => {
    const bytes = await body.read()
    audited.body = { bytes, contentType }
    return bytes
  }
  return { ...request, body: { type: 'bytes', read } }
}

function sentObject({ body }: Audited, schemas: Schemas): unknown {
  if (!body) return undefined
  if ('value' in body) return body.value
  const { bytes, contentType } = body
  if (bytes.length === 0) return undefined
  try {
    if (contentType.includes('protobuf')) return readProtobuf(schemas, bytes).object
    const text = bytes.toString('utf8')
    const sent = contentType.includes('yaml') ? readYaml(text, badRequest).value : parseJson(text)
    return isDeeperThan(sent, KEPT_DEPTH) ? undefined : sent
  } catch {
    // What could not be read was refused; the event says so.
    return undefined
  }
}

function answeredObject(outcome: Outcome): unknown {
  if (!outcome.ok) return outcome.error.toStatus()
  const { answer } = outcome
  if (answer.type === 'object') return answer.object
  if (answer.type !== 'list') return undefined
  const { metadata, entries } = answer.result
  return { kind: `${answer.kind.kind}List`, metadata, items: entries.map(({ object }) => object) }
}

function withoutManagedFields(value: unknown): unknown {
  if (!isJsonObject(value as JsonObject)) return value
  const { metadata, items, ...rest } = value as JsonObject
  const bare = isJsonObject(metadata)
    ? { metadata: without(metadata, 'managedFields') }
    : metadata === undefined
      ? {}
      : { metadata }
  return { ...rest, ...bare, ...(Array.isArray(items) ? { items: items.map(withoutManagedFields) } : {}) }
}

function without(object: JsonObject, field: string): JsonObject {
  const { [field]: _left, ...rest } = object
  return rest
}
