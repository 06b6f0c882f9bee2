// The way of every request, whoever brought it:
//
//   authentication → priority and fairness → authorization → endpoint (admission → registry → store) → answer
//
// Each stage is timed; what happened is told to the trace and to the audit log when the answer is known.
// Upstream: apiserver/pkg/server/config.go DefaultBuildHandlerChain.

import { randomUUID } from 'node:crypto'
import type { Clock } from '../../../base/clock.ts'
import type { Logger } from '../../../base/logger.ts'
import type { RequestDecision, RequestTrace, Trace } from '../../../base/trace.ts'
import { isDeeperThan } from '../../apimachinery/deep.ts'
import { USUAL_DEPTH } from '../../apimachinery/depth.ts'
import { withDigits } from '../../apimachinery/json.ts'
import { internalError, StatusError } from '../../apimachinery/status-error.ts'
import { withoutSecrets } from '../../kinds/shown-secret.ts'
import { isTooLarge, StoreClosedError } from '../../store/store.ts'
import type { Auditor } from '../audit/auditor.ts'
import { type Authentication, AuthenticationError } from '../authentication/authenticate.ts'
import { impersonate } from '../authentication/impersonation.ts'
import { authorizeBy, forbiddenError } from '../authorization/authorizer.ts'
import type { Authorization } from '../authorization/index.ts'
import { nearestRules } from '../authorization/rbac/explain.ts'
import type { FlowControl } from '../flow-control/flow-control.ts'
import type { CauseMap } from '../watch-cache/cause-map.ts'
import type { Answer } from './answer.ts'
import type { ApiRequest } from './api-request.ts'
import { isLongRunning, readTimeoutMs, within } from './deadline.ts'
import { PLAIN, wantsPretty } from './negotiate.ts'
import { codeOf, type Outcome } from './outcome.ts'
import { RequestContext } from './request-context.ts'
import { type RequestInfo, readRequestInfo } from './request-info.ts'
import type { RequestMetrics } from './request-metrics.ts'

export interface RequestPathOptions {
  clock: Clock
  logger: Logger
  trace: Trace
  authentication: Authentication
  authorization: Authorization
  /** Resolves when the caches hold all that is stored; undefined when they do. */
  caughtUp(): Promise<void> | undefined
  causes: CauseMap
  flowControl: FlowControl
  metrics: RequestMetrics
  /** How many objects a list looks at. */
  listSize(info: RequestInfo): number
  /** Answers what has been let through. */
  endpoint(context: RequestContext, info: RequestInfo, request: ApiRequest): Promise<Answer>
  auditor?: Auditor | undefined
}

const NO_INFO = readRequestInfo('GET', '/', new URLSearchParams())

export async function handleRequest(options: RequestPathOptions, sent: ApiRequest): Promise<Outcome> {
  const context = openContext(options, sent)
  let request = sent
  let info: RequestInfo = { ...NO_INFO, path: request.path, verb: request.method.toLowerCase() }
  let outcome: Outcome
  try {
    await identify(options, context, request)
    info = readRequestInfo(request.method, request.path, request.query)
    context.verb = info.verb
    request = options.auditor?.begin(context, info, request) ?? request
    const answer = await seated(options, { context, info, request })
    outcome = { context, info, ok: true, answer: withEndTold(options, { context, info, answer, request }) }
  } catch (err) {
    outcome = failed(err, { options, context, info })
  }
  tell(options, outcome, request)
  return outcome
}

interface Asked {
  context: RequestContext
  info: RequestInfo
  request: ApiRequest
}

/** Waits for a seat, and keeps it until the request is answered; a watch until it is open; other streams need none. */
async function seated(options: RequestPathOptions, asked: Asked): Promise<Answer> {
  const { context, info } = asked
  const isLong = isLongRunning(info)
  if (isLong && info.verb !== 'watch') return answered(options, asked)
  const { user, signal } = context
  const timeoutMs = isLong ? undefined : readTimeoutMs(asked.request.query)
  const entered = options.flowControl.enter({
    user,
    info,
    size: info.verb === 'list' ? options.listSize(info) : 1,
    signal,
  })
  const seat = entered instanceof Promise ? await entered : entered
  context.flow = seat
  const end = isLong ? undefined : options.metrics.begin(info)
  try {
    const work = answered(options, asked)
    return await (timeoutMs === undefined ? work : within(options.clock, timeoutMs, work))
  } finally {
    end?.()
    seat.leave()
  }
}

async function answered(options: RequestPathOptions, { context, info, request }: Asked): Promise<Answer> {
  await authorize(options, context, info)
  return options.endpoint(context, info, request)
}

function openContext({ clock, causes }: RequestPathOptions, request: ApiRequest): RequestContext {
  const id = randomUUID()
  const because = /^\d{1,15}$/.test(request.because) ? Number(request.because) : undefined
  const [client = ''] = request.userAgent.split(/\s/, 1)
  const context = new RequestContext({
    id,
    auditId: request.auditId || id,
    client: clientName(client),
    userAgent: request.userAgent,
    because,
    cause: (because !== undefined ? causes.get(because)?.cause : undefined) ?? id,
    clock,
    signal: request.signal,
  })
  // Errors too, whatever stage they come from.
  if (wantsPretty(request.query, request.userAgent)) context.representation = { ...PLAIN, pretty: true }
  return context
}

/** `kubectl/v1.36.0` is kubectl; `kubelet/node-1` is the kubelet of that node. */
const clientName = (product: string) => product.replace(/\/v?\d+(\.\d+)*\S*$/, '') || 'unknown'

async function identify(
  { authentication, authorization, caughtUp, logger }: RequestPathOptions,
  context: RequestContext,
  request: ApiRequest,
): Promise<void> {
  const from = context.clock.monotonic()
  try {
    const { user, by, warning } = await authentication.authenticate(request.credentials, request.path)
    if (warning) context.warn(warning)
    context.user = user
    context.authenticator = by
    if (request.impersonation) {
      // Refused here, it has still been the sender who asked.
      await caughtUp()
      const info = readRequestInfo(request.method, request.path, request.query)
      const asked = { requester: user, wanted: request.impersonation, request: info }
      const { user: other, constraint } = await impersonate(authorization.chain, asked)
      context.user = other
      context.impersonator = user
      context.impersonationConstraint = constraint
    }
    context.stage('authentication', from, context.impersonator ? `${by}: ${user.name}, as ${context.user.name}` : by)
  } catch (err) {
    const reasons = err instanceof AuthenticationError ? err.reasons.join('; ') : ''
    if (reasons) logger.info('unable to authenticate the request', { requestId: context.id, err: reasons })
    context.stage('authentication', from, reasons ? `refused: ${reasons}` : 'refused', false)
    throw err
  }
}

async function authorize(
  { authorization, caughtUp }: RequestPathOptions,
  context: RequestContext,
  info: RequestInfo,
): Promise<void> {
  const { user, impersonator, authenticator } = context
  const from = context.clock.monotonic()
  let ruling = await authorizeBy(authorization.chain, user, info)
  // The role that would allow it may be written already, and not yet in the cache.
  const news = ruling.decision === 'allow' ? undefined : caughtUp()
  if (news) {
    await news
    ruling = await authorizeBy(authorization.chain, user, info)
  }
  const { asked, by, reason } = ruling
  const allowed = ruling.decision === 'allow'
  context.decisionReason = reason
  const decision: RequestDecision = { allowed, authenticator, groups: user.groups, asked }
  if (impersonator) decision.impersonator = impersonator.name
  if (by) decision.by = by
  if (!allowed) decision.nearest = nearestRules(authorization.policy, user, info)
  context.decision = decision
  const detail = allowed ? reason || `${asked.at(-1)?.authorizer}: allowed` : 'no one allows it'
  context.stage('authorization', from, detail, allowed)
  if (allowed) return
  throw forbiddenError(user, info, reason)
}

function failed(
  err: unknown,
  { options, context, info }: { options: RequestPathOptions; context: RequestContext; info: RequestInfo },
): Outcome {
  const error = foreseen(err, context)
  if (error) return { context, info, ok: false, error }
  options.logger.error('request failed', { requestId: context.id, verb: info.verb, path: info.path, err })
  return { context, info, ok: false, error: internalError(err), panic: err }
}

function foreseen(err: unknown, { signal }: RequestContext): StatusError | undefined {
  if (err instanceof StatusError) return err
  if (signal?.aborted) return new StatusError('Timeout', 'the client has gone', { cause: err })
  if (err instanceof StoreClosedError)
    return new StatusError('ServiceUnavailable', 'the server is shutting down', { cause: err })
  return isTooLarge(err) ? new StatusError('RequestEntityTooLarge', err.message, { cause: err }) : undefined
}

/** A watch is told of twice: when it opens, and when it ends. */
function withEndTold({ auditor, clock, metrics }: RequestPathOptions, told: Asked & { answer: Answer }): Answer {
  const { answer, context, info, request } = told
  if (answer.type !== 'watch') return answer
  return {
    ...answer,
    start: (sink) =>
      answer.start({
        ...sink,
        end: (error) => {
          const outcome: Outcome = { context, info, ok: true, answer }
          const durationMs = clock.monotonic() - context.startedAt
          metrics.end(outcome, request, durationMs)
          auditor?.end({ outcome, request, code: 200, durationMs, stage: 'ResponseComplete' })
          sink.end(error)
        },
      }),
  }
}

/** For people to look at, whose processes and browsers have smaller stacks: what is too deep for those is not shown. */
function refusedContent({ context: { meant }, info }: Outcome): object | undefined {
  return meant && !isDeeperThan(meant.content, USUAL_DEPTH)
    ? withDigits(withoutSecrets(info, meant.content))
    : undefined
}

function tell({ trace, clock, auditor, metrics }: RequestPathOptions, outcome: Outcome, request: ApiRequest): void {
  const { context, info } = outcome
  const durationMs = clock.monotonic() - context.startedAt
  const code = codeOf(outcome)
  const told: RequestTrace = {
    type: 'request',
    at: clock.now(),
    id: context.id,
    client: context.client,
    user: context.user.name,
    verb: info.verb,
    group: info.group,
    resource: info.resource,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.name,
    code,
    durationMs,
    stages: context.stages,
    cause: context.cause,
  }
  if (!info.isResource) told.path = info.path
  if (context.decision) told.decision = context.decision
  if (context.revision !== undefined) told.revision = context.revision
  if (context.because !== undefined) told.because = context.because
  if (context.meant) told.meantFor = context.meant.for
  const refused = code === 409 ? refusedContent(outcome) : undefined
  if (refused) told.refused = refused
  trace.emit(told)
  const isLong = outcome.ok && outcome.answer.type === 'watch'
  if (!isLong) metrics.end(outcome, request, durationMs)
  const isPanic = !outcome.ok && 'panic' in outcome
  const stage = isPanic ? 'Panic' : isLong ? 'ResponseStarted' : 'ResponseComplete'
  auditor?.end({ outcome, request, code, durationMs, stage })
}
