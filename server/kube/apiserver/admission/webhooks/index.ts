// MutatingAdmissionWebhook and ValidatingAdmissionWebhook: services that are asked before something is written.
// Upstream: apiserver/pkg/admission/plugin/webhook.

import type { JsonObject } from '../../../apimachinery/json.ts'
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
  /** How the server proves who it is. */
  credentialsOf?: CredentialsOf
}

const MUTATING = 'MutatingAdmissionWebhook'

export function mutatingWebhooks(options: WebhookOptions): AdmissionPlugin {
  const { schemas } = options
  const call = withCredentials(options)
  const isMeant = matcher(options.authorizers)
  const ask = async (webhooks: readonly Webhook[], request: AdmissionRequest, reader: AdmissionReader) => {
    const { reinvocation } = request
    const invoked = reinvocation.of(MUTATING, request.object)
    for (const webhook of webhooks) {
      // Nobody is asked for the first time in the second turn.
      if (reinvocation.isAgain && !invoked.isWanted(webhook)) continue
      const view = await isMeant(webhook, new Views(request), request, reader)
      if (!view) continue
      const verdict = await verdictOf(call, webhook, view)
      const before = JSON.stringify(request.object)
      if (verdict?.patch) {
        applyTo(view, { schemas, webhook, verdict })
        await takeOver(request, view)
      }
      if (before !== JSON.stringify(request.object)) {
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
  const isMeant = matcher(options.authorizers)
  const ask = async (webhooks: readonly Webhook[], request: AdmissionRequest, reader: AdmissionReader) => {
    const views = new Views(request)
    const meant: [Webhook, AdmissionRequest][] = []
    for (const webhook of webhooks) {
      const view = await isMeant(webhook, views, request, reader)
      if (view) meant.push([webhook, view])
    }
    // All at once; the first in order speaks.
    const answers = await Promise.allSettled(meant.map(([webhook, view]) => verdictOf(call, webhook, view)))
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

const webhooksOf = <T extends Configuration>(kind: Kind<T>, reader: AdmissionReader): Webhook[] =>
  reader.list(kind).flatMap(({ webhooks = [] }) => webhooks)

function matcher(authorizers: readonly Authorizer[]) {
  const cel = createCel()
  // Stored objects never change: a webhook that is changed is another.
  const programs = new WeakMap<Webhook, Compiled>()
  /** What it sees of the request, if it is meant. */
  return async (
    webhook: Webhook,
    views: Views,
    request: AdmissionRequest,
    reader: AdmissionReader,
  ): Promise<AdmissionRequest | undefined> => {
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
    const turn = program.turn(asValues(view, reader), authorizer, CONDITIONS)
    try {
      const areAllMet = await areMet(matchConditions, turn, { failsClosed: webhook.failurePolicy !== 'Ignore' })
      return areAllMet ? view : undefined
    } catch (err) {
      throw refusal(request, (err as Error).message)
    }
  }
}

/** Undefined when there is none and the webhook may be gone without. */
async function verdictOf(call: CallService, webhook: Webhook, request: AdmissionRequest): Promise<Verdict | undefined> {
  const { name } = webhook
  let verdict: Verdict
  try {
    verdict = await askWebhook(call, webhook, request)
  } catch (err) {
    const why = err instanceof Error ? err.message : String(err)
    if (webhook.failurePolicy === 'Ignore') {
      request.annotate(`failed-open.webhook.admission.k8s.io/${name}`, why)
      return undefined
    }
    throw internalError(new Error(`failed calling webhook ${JSON.stringify(name)}: ${why}`))
  }
  for (const [key, value] of Object.entries(verdict.annotations)) request.annotate(`${name}/${key}`, value)
  for (const warning of verdict.warnings) request.warn(warning)
  if (!verdict.isAllowed) throw new WebhookDenial(name, verdict.result)
  return verdict
}

function applyTo(
  request: AdmissionRequest,
  { schemas, webhook, verdict }: { schemas: Schemas; webhook: Webhook; verdict: Verdict },
): void {
  const { object } = request
  if (!object) {
    const why = `admission webhook ${JSON.stringify(webhook.name)} attempted to modify the object, which is not supported for this operation`
    throw internalError(new Error(why))
  }
  try {
    replaceObject(request, jsonPatch(onTheWire(request, object), verdict.patch ?? []) as JsonObject, schemas)
  } catch (err) {
    throw internalError(new Error(err instanceof Error ? err.message : String(err)))
  }
}
