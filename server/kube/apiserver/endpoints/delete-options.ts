// DeleteOptions, from the body or, as older clients do, from the query.
// Upstream: apimachinery meta/v1/validation ValidateDeleteOptions.

import { isJsonObject, type JsonValue } from '../../apimachinery/json.ts'
import { badRequest, type FieldError, fieldError, invalid, StatusError } from '../../apimachinery/status-error.ts'
import { decode } from '../../schemas/decode.ts'
import { noKindOf } from '../../schemas/read-object-text.ts'
import type { Schemas } from '../../schemas/schemas.ts'
import { readPlainJson } from '../../schemas/strict-json.ts'
import type { DeleteRequest } from '../registry/deletion.ts'
import type { ApiRequest } from '../request-path/api-request.ts'
import { readBoolean, readInteger } from '../request-path/query-parameters.ts'
import { readValue } from '../request-path/read-body.ts'
import { dryRunErrors } from './write-options.ts'

const DELETE_OPTIONS = { group: 'meta.k8s.io', kind: 'DeleteOptions' }
const POLICIES = ['Foreground', 'Background', 'Orphan'] as const
const SCHEME = 'k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27'

interface Told {
  dryRun?: string[]
  gracePeriodSeconds?: number | bigint
  propagationPolicy?: string
  orphanDependents?: boolean
  preconditions?: { uid?: string; resourceVersion?: string }
}

export async function readDeleteOptions({
  request,
  schemas,
}: {
  request: ApiRequest
  schemas: Schemas
}): Promise<DeleteRequest & { dryRun: boolean }> {
  const body = await readValue(request, { schemas })
  const told = body === undefined ? ofQuery(request.query) : ofBody(body, schemas)
  const { dryRun = [], gracePeriodSeconds: seconds, propagationPolicy: policy, orphanDependents, preconditions } = told
  const errors: FieldError[] = []
  if (orphanDependents !== undefined && policy !== undefined) {
    errors.push(
      fieldError.invalid('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'),
    )
  }
  const propagationPolicy = POLICIES.find((known) => known === policy)
  if (policy !== undefined && !propagationPolicy) {
    errors.push(fieldError.notSupported('propagationPolicy', policy, [...POLICIES, 'nil']))
  }
  errors.push(...dryRunErrors(dryRun))
  if (errors.length > 0) throw invalid(DELETE_OPTIONS, '', errors)
  return {
    dryRun: dryRun.includes('All'),
    // Upstream treats a negative number as "one second", the shortest grace there is.
    ...(seconds === undefined ? {} : { gracePeriodSeconds: seconds < 0 ? 1 : Number(seconds) }),
    ...(propagationPolicy ? { propagationPolicy } : {}),
    ...(orphanDependents === undefined ? {} : { orphanDependents }),
    ...(preconditions ? { preconditions } : {}),
  }
}

/** Whoever sends a body says all of it there. */
function ofBody(body: string | JsonValue, schemas: Schemas): Told {
  // A loop's own object may name what it does not set.
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const value = valueIn(text)
  // To Go, null says nothing.
  if (value === null) return {}
  if (!isJsonObject(value)) throw badRequest(noKindOf(value))
  const { kind, apiVersion } = value
  if (kind && kind !== DELETE_OPTIONS.kind) {
    throw badRequest(`no kind "${kind}" is registered for version "${apiVersion ?? 'v1'}" in scheme "${SCHEME}"`)
  }
  try {
    return decode(schemas, { group: '', version: 'v1', kind: DELETE_OPTIONS.kind }, text).object as Told
  } catch (err) {
    if (!(err instanceof StatusError)) throw err
    throw badRequest(err.message.replace(/^.* cannot be handled as a DeleteOptions: /, ''))
  }
}

function valueIn(text: string): JsonValue {
  try {
    return readPlainJson(text).value
  } catch (err) {
    throw badRequest(`couldn't get version/kind; json parse error: ${(err as Error).message}`)
  }
}

function ofQuery(query: URLSearchParams): Told {
  const seconds = readInteger(query, 'gracePeriodSeconds')
  const orphanDependents = readBoolean(query, 'orphanDependents')
  const propagationPolicy = query.get('propagationPolicy')
  return {
    dryRun: query.getAll('dryRun'),
    ...(seconds === undefined ? {} : { gracePeriodSeconds: seconds }),
    ...(orphanDependents === undefined ? {} : { orphanDependents }),
    ...(propagationPolicy === null ? {} : { propagationPolicy }),
  }
}
