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
import { decodeAs } from '../../request-path/read-body.ts'
import { type AdmissionPlugin, type AdmissionReader, type AdmissionRequest, refusal } from '../admission.ts'
import { isExempt, isMatched } from '../match-rules.ts'
import { PolicyProgram } from '../policies/policy-program.ts'
import { asValues, onTheWire } from '../review-request.ts'
import { askWebhook, type CallService, type Verdict, type Webhook, WebhookDenial } from './ask-webhook.ts'

type Configuration = KubeObject & { webhooks?: Webhook[] }

export interface WebhookOptions {
  call: CallService
  schemas: Schemas
}

/** The built-in plug-ins are not asked again about what webhooks have made of an object; what they made must be valid. */
export function mutatingWebhooks({ call, schemas }: WebhookOptions): AdmissionPlugin {
  const isMeant = matcher()
  const ask = async (webhooks: readonly Webhook[], request: AdmissionRequest, reader: AdmissionReader) => {
    const left = new Map<Webhook, string>()
    // A second round is for those that want to see what others have changed after them.
    for (const round of [0, 1]) {
      for (const webhook of webhooks) {
        const isAgain = webhook.reinvocationPolicy === 'IfNeeded' && left.has(webhook)
        if (round === 1 && !(isAgain && left.get(webhook) !== JSON.stringify(request.object))) continue
        if (!isMeant(webhook, request, reader)) continue
        const verdict = await verdictOf(call, webhook, request)
        if (verdict?.patch) applyTo(request, { schemas, webhook, verdict })
        left.set(webhook, JSON.stringify(request.object))
      }
    }
  }
  const look = (request: AdmissionRequest, reader: AdmissionReader) => {
    const webhooks = webhooksOf<Configuration>(MutatingWebhookConfiguration as Kind<Configuration>, reader)
    return webhooks.length > 0 ? ask(webhooks, request, reader) : undefined
  }
  return {
    name: 'MutatingAdmissionWebhook',
    handles: (request) => !isExempt(request),
    mutate: look,
    // What is deleted is not changed first; whoever wants to know of it is asked all the same.
    validate: (request, reader) => (request.operation === 'DELETE' ? look(request, reader) : undefined),
  }
}

export function validatingWebhooks({ call }: Pick<WebhookOptions, 'call'>): AdmissionPlugin {
  const isMeant = matcher()
  const ask = async (webhooks: readonly Webhook[], request: AdmissionRequest) => {
    // All at once; the first in order speaks.
    const answers = await Promise.allSettled(webhooks.map((webhook) => verdictOf(call, webhook, request)))
    for (const answer of answers) if (answer.status === 'rejected') throw answer.reason
  }
  return {
    name: 'ValidatingAdmissionWebhook',
    handles: (request) => !isExempt(request),
    validate(request, reader) {
      const webhooks = webhooksOf<Configuration>(ValidatingWebhookConfiguration as Kind<Configuration>, reader)
      const meant = webhooks.filter((webhook) => isMeant(webhook, request, reader))
      return meant.length > 0 ? ask(meant, request) : undefined
    },
  }
}

const webhooksOf = <T extends Configuration>(kind: Kind<T>, reader: AdmissionReader): Webhook[] =>
  reader.list(kind).flatMap(({ webhooks = [] }) => webhooks)

function matcher() {
  const cel = createCel()
  // Stored objects never change: a webhook that is changed is another.
  const programs = new WeakMap<Webhook, PolicyProgram>()
  return (webhook: Webhook, request: AdmissionRequest, reader: AdmissionReader): boolean => {
    const { rules = [], namespaceSelector = {}, objectSelector = {}, matchConditions = [] } = webhook
    const match = {
      resourceRules: rules as Rule[],
      namespaceSelector: namespaceSelector as LabelSelector,
      objectSelector: objectSelector as LabelSelector,
    }
    if (!isMatched(match, request, reader)) return false
    if (matchConditions.length === 0) return true
    const { failurePolicy = 'Fail' } = webhook
    const program = programs.get(webhook) ?? new PolicyProgram(cel, { spec: { matchConditions, failurePolicy } })
    programs.set(webhook, program)
    try {
      return program.isMeant(asValues(request))
    } catch (err) {
      throw refusal(request, err instanceof Error ? err.message : String(err))
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
  const { object, kind } = request
  if (!object) {
    const why = `admission webhook ${JSON.stringify(webhook.name)} attempted to modify the object, which is not supported for this operation`
    throw internalError(new Error(why))
  }
  let next: KubeObject
  try {
    const patched = jsonPatch(onTheWire(request, object), verdict.patch ?? [])
    next = decodeAs(schemas, kind, patched as JsonObject, { fieldValidation: 'Ignore' })
  } catch (err) {
    throw internalError(new Error(err instanceof Error ? err.message : String(err)))
  }
  kind.strategy.setDefaults?.(next)
  for (const field of Object.keys(object)) if (!(field in next)) delete (object as unknown as JsonObject)[field]
  Object.assign(object, next)
}
