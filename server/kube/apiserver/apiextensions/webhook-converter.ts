// Versions that a webhook turns into one another. Upstream: apiextensions-apiserver/pkg/apiserver/conversion/webhook_converter.go.

import { randomUUID } from 'node:crypto'
import type { CustomResourceDefinition } from 'kubernetes-types/apiextensions/v1'
import { isDeeperThan } from '../../apimachinery/deep.ts'
import { KEPT_DEPTH } from '../../apimachinery/depth.ts'
import { isJsonObject, type JsonObject, type JsonValue, parseJson, writeJson } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import { shortened } from '../../apimachinery/told.ts'
import { refusalWords, type ServiceCaller } from '../http-front/service-caller.ts'
import { otherNames, withOwnMetadata } from './converted-metadata.ts'
import type { Converter } from './version-conversion.ts'

const TIMEOUT_MS = 30_000
const KNOWN = ['v1', 'v1beta1']

/** Upstream has no reason for what a webhook cannot do. */
const failed = (why: string) => new StatusError('Unknown', shortened(why))

export function webhookConverter(caller: ServiceCaller, { spec }: CustomResourceDefinition): Converter {
  const { clientConfig, conversionReviewVersions = [] } = spec.conversion?.webhook ?? {}
  return async (objects, apiVersion) => {
    const fail = (why: string) =>
      failed(`conversion webhook for ${objects[0]?.apiVersion}, Kind=${spec.names.kind} ${why}`)
    const version = conversionReviewVersions.find((one) => KNOWN.includes(one))
    if (!version || !clientConfig) throw failed('no supported conversion review versions')
    const { service, url, caBundle } = clientConfig
    const review = { apiVersion: `apiextensions.k8s.io/${version}`, kind: 'ConversionReview' }
    const request = { uid: randomUUID(), desiredAPIVersion: apiVersion, objects }
    const answer = await caller
      .call({
        service: service ? { ...service, port: service.port ?? 443 } : { url: url ?? '' },
        method: 'POST',
        path: `${service?.path ?? ''}?timeout=${TIMEOUT_MS / 1000}s`,
        body: { ...review, request },
        caBundle,
        timeoutMs: TIMEOUT_MS,
      })
      .catch((err: Error) => {
        throw fail(`failed: ${err.message}`)
      })
    if (answer.code !== 200) throw fail(`failed: ${refusalWords(answer)}`)
    const converted = convertedIn(answer.text, { ...review, uid: request.uid }, (why) => fail(`failed: ${why}`))
    if (converted.length !== objects.length) {
      throw fail(`returned ${converted.length} objects, expected ${objects.length}`)
    }
    return converted.map((object, index) =>
      accepted(object, { original: objects[index]!, apiVersion, isAlone: objects.length === 1, index, fail }),
    )
  }
}

/** An answer of v1 is held to the question that it is for; those of v1beta1 never were. */
function convertedIn(
  text: string,
  asked: { apiVersion: string; kind: string; uid: string },
  fail: (why: string) => Error,
): JsonValue[] {
  let body: JsonValue
  try {
    body = parseJson(text)
  } catch (err) {
    throw fail((err as Error).message)
  }
  const { response, apiVersion = '', kind = '' } = isJsonObject(body) ? body : {}
  const isHeld = asked.apiVersion.endsWith('/v1')
  if (isHeld && (apiVersion !== asked.apiVersion || kind !== asked.kind)) {
    const got = String(apiVersion).includes('/') ? apiVersion : `/${apiVersion}`
    throw fail(`expected webhook response of ${asked.apiVersion}, Kind=${asked.kind}, got ${got}, Kind=${kind}`)
  }
  if (!isJsonObject(response)) throw fail('no response provided')
  const { uid = '', convertedObjects } = response
  if (isHeld && uid !== asked.uid) {
    throw fail(`expected response.uid=${JSON.stringify(asked.uid)}, got ${JSON.stringify(uid)}`)
  }
  const result: JsonObject = isJsonObject(response.result) ? response.result : {}
  if (result.status !== 'Success') {
    throw fail(String(result.message || `response.result.status was '${result.status ?? ''}', not 'Success'`))
  }
  return Array.isArray(convertedObjects) ? convertedObjects : []
}

/** What was asked for by itself is told of in other words than what is one of many. */
function accepted(
  converted: JsonValue,
  told: {
    original: KubeObject
    apiVersion: string
    isAlone: boolean
    index: number
    fail: (why: string) => Error
  },
): KubeObject {
  const { original, apiVersion, isAlone, index, fail } = told
  const at = isAlone ? 'object at index 0' : `converted object at index ${index}`
  const unread = (why: string) => (isAlone ? failed(why) : fail(`returned invalid ${at}: ${why}`))
  if (!isJsonObject(converted) || !converted.kind || typeof converted.kind !== 'string') {
    throw unread(`Object 'Kind' is missing in '${shortened(writeJson(converted))}'`)
  }
  if (isDeeperThan(converted, KEPT_DEPTH)) throw unread('exceeded max depth')
  const object = converted as KubeObject
  for (const [field, expected, received] of [
    ['groupVersion', apiVersion, object.apiVersion ?? ''],
    ['kind', original.kind, object.kind],
  ]) {
    if (expected !== received) {
      throw fail(`returned invalid ${at}: invalid ${field} (expected ${expected}, received ${received})`)
    }
  }
  const others = otherNames(original, object)
  if (others) throw fail(`returned invalid ${isAlone ? 'object' : at}: ${others}`)
  try {
    return withOwnMetadata(original, object)
  } catch (err) {
    throw fail(`returned invalid metadata${isAlone ? '' : ` in object at index ${index}`}: ${(err as Error).message}`)
  }
}
