// Versions that a webhook turns into one another. Upstream: apiextensions-apiserver/pkg/apiserver/conversion/webhook_converter.go.

import { randomUUID } from 'node:crypto'
import type { CustomResourceDefinition } from 'kubernetes-types/apiextensions/v1'
import { deepEqual, isDeeperThan } from '../../apimachinery/deep.ts'
import { KEPT_DEPTH } from '../../apimachinery/depth.ts'
import { isJsonObject, parseJson } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { internalError } from '../../apimachinery/status-error.ts'
import { refusalWords, type ServiceCaller } from '../http-front/service-caller.ts'
import type { Converter } from './version-conversion.ts'

const TIMEOUT_MS = 30_000
const KNOWN = ['v1', 'v1beta1']
const NOT_MINE = 'must have the same'

export function webhookConverter(caller: ServiceCaller, { spec }: CustomResourceDefinition): Converter {
  const { clientConfig, conversionReviewVersions = [] } = spec.conversion?.webhook ?? {}
  return async (objects, apiVersion) => {
    const of = `${objects[0]?.apiVersion}, Kind=${spec.names.kind}`
    const fail = (why: string) => internalError(new Error(`conversion webhook for ${of} ${why}`))
    const version = conversionReviewVersions.find((one) => KNOWN.includes(one))
    if (!version || !clientConfig) throw fail('failed: no supported conversion review versions')
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
    const converted = readAnswer(answer.text, request.uid, fail)
    if (converted.length !== objects.length) {
      throw fail(`returned ${converted.length} objects, expected ${objects.length}`)
    }
    return converted.map((object, index) => {
      const invalid = (why: string) => fail(`returned invalid converted object at index ${index}: ${why}`)
      if (isDeeperThan(object, KEPT_DEPTH)) throw invalid('exceeded max depth')
      if (object.apiVersion !== apiVersion) {
        throw invalid(`invalid groupVersion (expected ${apiVersion}, received ${object.apiVersion})`)
      }
      return withMetadata(objects[index]!, object, invalid)
    })
  }
}

function readAnswer(text: string, uid: string, fail: (why: string) => Error): KubeObject[] {
  let body: unknown
  try {
    body = parseJson(text)
  } catch (err) {
    throw fail(`failed: ${(err as Error).message}`)
  }
  const response = isJsonObject(body) ? body.response : undefined
  if (!isJsonObject(response)) throw fail('failed: no response provided')
  if (response.uid !== uid) {
    throw fail(`failed: expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid)}`)
  }
  const result = isJsonObject(response.result) ? response.result : {}
  if (result.status !== 'Success') {
    throw fail(`failed: ${result.message || `response.result.status was '${result.status ?? ''}', not 'Success'`}`)
  }
  return (Array.isArray(response.convertedObjects) ? response.convertedObjects : []) as KubeObject[]
}

/** A webhook may change labels and annotations, and nothing else of metadata. */
function withMetadata(original: KubeObject, converted: KubeObject, invalid: (why: string) => Error): KubeObject {
  const [before = {}, after] = [original.metadata, converted.metadata]
  if (!after) throw invalid('missing metadata in converted object')
  if (converted.kind !== original.kind) throw invalid(`${NOT_MINE} kind: ${original.kind} != ${converted.kind}`)
  for (const [field, name] of [
    ['name', 'name'],
    ['namespace', 'namespace'],
    ['uid', 'UID'],
  ] as const) {
    if (!deepEqual(before[field], after[field]))
      throw invalid(`${NOT_MINE} ${name}: ${before[field]} != ${after[field]}`)
  }
  const { labels: _labels, annotations: _annotations, ...kept } = before
  const { labels, annotations } = after
  return { ...converted, metadata: { ...kept, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) } }
}
