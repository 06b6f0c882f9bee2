// One webhook, asked about one request: the review that it is sent, and its answer, read with distrust.
// Upstream: apiserver/pkg/admission/plugin/webhook/{request,errors}, .../mutating/dispatcher.go.

import { randomUUID } from 'node:crypto'
import type { MutatingWebhook, ValidatingWebhook } from 'kubernetes-types/admissionregistration/v1'
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../../../apimachinery/json.ts'
import { type Status, StatusError } from '../../../apimachinery/status-error.ts'
import { refusalWords, type ServiceCaller } from '../../http-front/service-caller.ts'
import type { AdmissionRequest } from '../admission.ts'
import { onTheWire, reviewRequest } from '../review-request.ts'

export type Webhook = ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>
export type CallService = ServiceCaller['call']

export interface Verdict {
  isAllowed: boolean
  /** Why not, as far as the webhook says. */
  result: JsonObject
  /** A JSON patch. */
  patch: JsonValue | undefined
  warnings: string[]
  annotations: Record<string, string>
}

const KNOWN = ['v1', 'v1beta1']

/** Rejects when there is no answer that could be understood. */
export async function askWebhook(call: CallService, webhook: Webhook, request: AdmissionRequest): Promise<Verdict> {
  const { service, url, caBundle } = webhook.clientConfig
  const seconds = webhook.timeoutSeconds ?? 10
  const version = (webhook.admissionReviewVersions ?? []).find((one) => KNOWN.includes(one))
  if (!version) throw new Error('webhook does not accept known AdmissionReview versions (v1, v1beta1)')
  const kind = { apiVersion: `admission.k8s.io/${version}`, kind: 'AdmissionReview' }
  const about = reviewRequest(request)
  const objects = { object: onTheWire(request, request.object), oldObject: onTheWire(request, request.previous) }
  const uid = randomUUID()
  const path = service ? (service.path ?? '/') : new URL(url ?? '').pathname
  const query = `?timeout=${seconds}s`
  const target = service
    ? { service: { ...service, port: service.port ?? 443 }, path: path + query }
    : { service: { url: url ?? '' }, path: path === '/' ? `/${query}` : query }
  const answer = await call({
    ...target,
    method: 'POST',
    body: { ...kind, request: { uid, ...about, ...objects } },
    caBundle,
    timeoutMs: seconds * 1000,
  }).catch((err: Error) => {
    throw new Error(`failed to call webhook: ${err.message}`)
  })
  if (answer.code !== 200) throw new Error(`failed to call webhook: ${refusalWords(answer)}`)
  return readAnswer(answer.text, uid, kind)
}

function readAnswer(text: string, uid: string, { apiVersion, kind }: { apiVersion: string; kind: string }): Verdict {
  let review: unknown
  try {
    review = parseJson(text)
  } catch (err) {
    throw new Error(`received invalid webhook response: ${(err as Error).message}`)
  }
  const invalid = (why: string) => new Error(`received invalid webhook response: ${why}`)
  const { response, ...told } = isJsonObject(review) ? review : {}
  if (!isJsonObject(response)) throw invalid('webhook response lacked a response')
  if (told.apiVersion !== apiVersion || told.kind !== kind) {
    throw invalid(`expected webhook response of ${apiVersion}, Kind=${kind}, got ${told.apiVersion}, Kind=${told.kind}`)
  }
  if (response.uid !== uid)
    throw invalid(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`)
  const { patch, patchType, status, warnings, auditAnnotations } = response
  const hasPatch = typeof patch === 'string' && patch !== ''
  if (hasPatch && patchType !== 'JSONPatch') {
    throw invalid(
      patchType
        ? `invalid response.patchType of ${JSON.stringify(patchType)}`
        : 'webhook returned response.patch but not response.patchType',
    )
  }
  return {
    isAllowed: response.allowed === true,
    result: isJsonObject(status) ? status : {},
    patch: hasPatch ? readPatch(patch) : undefined,
    warnings: Array.isArray(warnings) ? warnings.filter((one) => typeof one === 'string') : [],
    annotations: isJsonObject(auditAnnotations) ? (auditAnnotations as Record<string, string>) : {},
  }
}

function readPatch(base64: string): JsonValue {
  try {
    return parseJson(Buffer.from(base64, 'base64').toString('utf8'))
  } catch (err) {
    throw new Error(`received undecodable patch in webhook response: ${(err as Error).message}`)
  }
}

/** A refusal in a webhook's own words, with its own code; where it names no reason, there is none. */
export class WebhookDenial extends StatusError {
  readonly #code: number
  readonly #told: JsonObject

  constructor(name: string, told: JsonObject) {
    const why = told.message || told.reason
    const by = `admission webhook ${JSON.stringify(name)} denied the request`
    super('Forbidden', why ? `${by}: ${why}` : `${by} without explanation`)
    const code = Number(told.code ?? 0)
    this.#code = code >= 400 && code < 600 ? code : 400
    this.#told = told
  }

  override get code(): number {
    return this.#code
  }

  override toStatus(): Status {
    const { reason: _reason, ...status } = super.toStatus()
    const { reason, details } = this.#told
    return {
      ...status,
      ...(typeof reason === 'string' && reason ? { reason } : {}),
      ...(isJsonObject(details) ? { details } : {}),
    }
  }
}
