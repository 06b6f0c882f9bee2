// MutatingAdmissionWebhook and ValidatingAdmissionWebhook: services that are asked before something is written.
// Upstream: apiserver/pkg/admission/plugin/webhook.

import { Pace } from '../../../../base/pace.ts'
import { type JsonObject, type JsonValue, writeJson } from '../../../apimachinery/json.ts'
import type { LabelSelector } from '../../../apimachinery/label-selector.ts'
import type { KubeObject } from '../../../apimachinery/object-meta.ts'
import { jsonPatch } from '../../../apimachinery/patch/json-patch.ts'
import { internalError } from '../../../apimachinery/status-error.ts'
import { createCel } from '../../../cel/cel.ts'
import type { Rule } from '../../../kinds/admission/rules.ts'
import type { Kind } from '../../../kinds/define-kind.ts'
import { MutatingWebhookConfiguration, ValidatingWebhookConfiguration } from '../../../kinds/index.ts'
import type { Schemas } from '../../../schemas/schemas.ts'
import type { Authorizer } from '../../authorization/authorizer.ts'
import { type AdmissionPlugin, type AdmissionReader, type AdmissionRequest, refusal } from '../admission.ts'
import type { AdmissionMetrics, Step, WebhookOutcome } from '../admission-metrics.ts'
import { AuthorizerAnswers } from '../expressions/authorizer-answers.ts'
import { CONDITIONS, Compiled } from '../expressions/compiled.ts'
import { areMet } from '../expressions/match-conditions.ts'
import { isExempt, matchedVersion } from '../match-rules.ts'
import { replaceObject } from '../replace-object.ts'
import { asValues, onTheWire, takeOver, Views } from '../review-request.ts'
import type { CredentialsOf } from '../settings.ts'
import { askWebhook, type CallService, type Verdict, type Webhook, WebhookDenial } from './ask-webhook.ts'

type Configuration = KubeObject & { webhooks?: Webhook[] }

export interface WebhookOptions {
  call: CallService
  schemas: Schemas
  authorizers: readonly Authorizer[]
  metrics?: AdmissionMetrics
  /** How the server proves who it is. */
  credentialsOf?: CredentialsOf
}

const MUTATING = 'MutatingAdmissionWebhook'

export function mutatingWebhooks(options: WebhookOptions): AdmissionPlugin {
  const { schemas, metrics } = options
  const call = withCredentials(options)
  const isMeant = matcher(options, 'admit')
  const ask = async (hooks: readonly Hook[], request: AdmissionRequest, reader: AdmissionReader) => {
    const { reinvocation } = request
    const round = reinvocation.isAgain ? 1 : 0
    const invoked = reinvocation.of(MUTATING, request.object)
    const pace = new Pace(reader.clock)
    for (const hook of hooks) {
      const { webhook, configuration, index } = hook
      // Nobody is asked for the first time in the second turn.
      if (reinvocation.isAgain && !invoked.isWanted(webhook)) continue
      const view = await isMeant(webhook, new Views(request), { request, reader, pace })
      if (!view) continue
      const turn = `webhook.admission.k8s.io/round_${round}_index_${index}`
      const told = { configuration, webhook: webhook.name }
      const before = writeJson(request.object)
      let mutated = false
      try {
        const verdict = await verdictOf(hook, view, { call, metrics, type: 'admit', place: `mutation.${turn}` })
        const { patch } = verdict ?? {}
        if (patch && !isEmpty(patch)) {
          applyTo(view, { schemas, webhook, patch })
          await takeOver(request, view)
          request.annotateBody(`patch.${turn}`, JSON.stringify({ ...told, patch, patchType: 'JSONPatch' }))
        }
        mutated = before !== writeJson(request.object)
      } finally {
        request.annotate(`mutation.${turn}`, JSON.stringify({ ...told, mutated }))
      }
      if (mutated) {
        invoked.requireAll()
        reinvocation.want()
      }
      if (webhook.reinvocationPolicy === 'IfNeeded') invoked.remember(webhook)
    }
    invoked.leave(request.object)
  }
  const look = (request: AdmissionRequest, reader: AdmissionReader) => {
    const webhooks = webhooksOf<Configuration>(MutatingWebhookConfiguration as Kind<Configuration>, reader)
    return webhooks.length > 0 ? ask(webhooks, request, reader) : undefined
  }
  return {
    name: MUTATING,
    handles: (request) => !isExempt(request),
    mutate: look,
    // What is deleted is not changed first; whoever wants to know of it is asked all the same.
    validate: (request, reader) => (request.operation === 'DELETE' ? look(request, reader) : undefined),
  }
}

export function validatingWebhooks(options: Omit<WebhookOptions, 'schemas'>): AdmissionPlugin {
  const call = withCredentials(options)
  const { metrics } = options
  const isMeant = matcher(options, 'validate')
  const ask = async (hooks: readonly Hook[], request: AdmissionRequest, reader: AdmissionReader) => {
    const views = new Views(request)
    const pace = new Pace(reader.clock)
    const meant: [Hook, AdmissionRequest][] = []
    for (const hook of hooks) {
      const view = await isMeant(hook.webhook, views, { request, reader, pace })
      if (view) meant.push([hook, view])
    }
    const askOne = ([hook, view]: [Hook, AdmissionRequest], index: number) => {
      const place = `validating.webhook.admission.k8s.io/round_0_index_${index}`
      return verdictOf(hook, view, { call, metrics, type: 'validating', place })
    }
    // All at once; the first in order speaks.
    const answers = await Promise.allSettled(meant.map(askOne))
    for (const answer of answers) if (answer.status === 'rejected') throw answer.reason
  }
  return {
    name: 'ValidatingAdmissionWebhook',
    handles: (request) => !isExempt(request),
    validate(request, reader) {
      const webhooks = webhooksOf<Configuration>(ValidatingWebhookConfiguration as Kind<Configuration>, reader)
      return webhooks.length > 0 ? ask(webhooks, request, reader) : undefined
    },
  }
}

function withCredentials({ call, credentialsOf }: Omit<WebhookOptions, 'schemas'>): CallService {
  if (!credentialsOf) return call
  return (told) => {
    const { service } = told
    const url = 'url' in service ? new URL(service.url) : undefined
    const host = url?.hostname ?? ('name' in service ? `${service.name}.${service.namespace}.svc` : '')
    const { certificate, token } = credentialsOf(
      host,
      url ? Number(url.port || 443) : (service as { port: number }).port,
    )
    const headers = token ? { authorization: `Bearer ${token}`, ...told.headers } : told.headers
    return call({ ...told, ...(certificate ? { certificate } : {}), ...(headers ? { headers } : {}) })
  }
}

interface Hook {
  webhook: Webhook
  /** The name of the object that it stands in. */
  configuration: string
  /** Among all that there are. */
  index: number
}

const webhooksOf = <T extends Configuration>(kind: Kind<T>, reader: AdmissionReader): Hook[] =>
  reader
    .list(kind)
    .flatMap(({ metadata, webhooks = [] }) =>
      webhooks.map((webhook) => ({ webhook, configuration: metadata?.name ?? '' })),
    )
    .map((hook, index) => ({ ...hook, index }))

function matcher({ authorizers, metrics }: Omit<WebhookOptions, 'schemas'>, step: Step) {
  const cel = createCel()
  // Stored objects never change: a webhook that is changed is another.
  const programs = new WeakMap<Webhook, Compiled>()
  /** What it sees of the request, if it is meant. */
  return async (
    webhook: Webhook,
    views: Views,
    { request, reader, pace }: { request: AdmissionRequest; reader: AdmissionReader; pace: Pace },
  ): Promise<AdmissionRequest | undefined> => {
    const pause = pace.pause()
    if (pause) await pause
    const { rules = [], namespaceSelector = {}, objectSelector = {}, matchConditions = [], matchPolicy } = webhook
    const match = {
      ...(matchPolicy ? { matchPolicy } : {}),
      resourceRules: rules as Rule[],
      namespaceSelector: namespaceSelector as LabelSelector,
      objectSelector: objectSelector as LabelSelector,
    }
    const version = matchedVersion(match, request, reader)
    if (!version) return undefined
    const view = await views.as(version)
    if (matchConditions.length === 0) return view
    const program = programs.get(webhook) ?? new Compiled(cel, { hasParams: false })
    programs.set(webhook, program)
    const authorizer = new AuthorizerAnswers(authorizers, request)
    const turn = program.turn(asValues(view, reader), { authorizer, pace, budget: CONDITIONS })
    try {
      const areAllMet = await areMet(matchConditions, turn, {
        failsClosed: webhook.failurePolicy !== 'Ignore',
        onError: () => metrics?.conditionFailed(webhook.name, 'webhook', step, request.operation),
      })
      if (areAllMet) return view
      metrics?.excluded(webhook.name, 'webhook', step, request.operation)
      return undefined
    } catch (err) {
      throw refusal(request, (err as Error).message)
    }
  }
}

interface Asking {
  call: CallService
  metrics: AdmissionMetrics | undefined
  type: 'admit' | 'validating'
  /** As the audit log calls it. */
  place: string
}

/** Undefined when there is none and the webhook may be gone without. */
async function verdictOf(
  { webhook }: Hook,
  request: AdmissionRequest,
  { call, metrics, type, place }: Asking,
): Promise<Verdict | undefined> {
  const { name } = webhook
  const from = performance.now()
  const tell = (code: number, rejected: WebhookOutcome['rejected']) => {
    const seconds = (performance.now() - from) / 1000
    metrics?.webhook({ name, type, operation: request.operation, seconds, code, rejected })
  }
  let verdict: Verdict
  try {
    verdict = await askWebhook(call, webhook, request)
  } catch (err) {
    const why = err instanceof Error ? err.message : String(err)
    if (webhook.failurePolicy === 'Ignore') {
      tell(0, undefined)
      metrics?.failOpen(name, type)
      request.annotate(`failed-open.${place}`, name)
      return undefined
    }
    tell(0, 'calling_webhook_error')
    throw internalError(new Error(`failed calling webhook ${JSON.stringify(name)}: ${why}`))
  }
  for (const [key, value] of Object.entries(verdict.annotations)) request.annotate(`${name}/${key}`, value)
  for (const warning of verdict.warnings) request.warn(warning)
  if (!verdict.isAllowed) {
    const denial = new WebhookDenial(name, verdict.result)
    tell(denial.code, 'no_error')
    throw denial
  }
  tell(200, undefined)
  return verdict
}

const isEmpty = (patch: JsonValue) => Array.isArray(patch) && patch.length === 0

function applyTo(
  request: AdmissionRequest,
  { schemas, webhook, patch }: { schemas: Schemas; webhook: Webhook; patch: JsonValue },
): void {
  const { object } = request
  if (!object) {
    const why = `admission webhook ${JSON.stringify(webhook.name)} attempted to modify the object, which is not supported for this operation`
    throw internalError(new Error(why))
  }
  try {
    replaceObject(request, jsonPatch(onTheWire(request, object), patch) as JsonObject, schemas)
  } catch (err) {
    throw internalError(new Error(err instanceof Error ? err.message : String(err)))
  }
}
