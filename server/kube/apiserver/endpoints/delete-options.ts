// DeleteOptions, from the body or, as older clients do, from the query.
// Upstream: apimachinery meta/v1/validation ValidateDeleteOptions.

import { isInt64, isJsonObject, jsonNumber } from '../../apimachinery/json.ts'
import { badRequest, fieldError, invalid } from '../../apimachinery/status-error.ts'
import type { Schemas } from '../../schemas/schemas.ts'
import type { DeleteRequest } from '../registry/deletion.ts'
import type { ApiRequest } from '../request-path/api-request.ts'
import { parseBody, readValue } from '../request-path/read-body.ts'
import { dryRunErrors } from './write-options.ts'

const DELETE_OPTIONS = { group: 'meta.k8s.io', kind: 'DeleteOptions' }
const POLICIES = ['Background', 'Foreground', 'Orphan'] as const

export async function readDeleteOptions({
  request,
  schemas,
}: {
  request: ApiRequest
  schemas: Schemas
}): Promise<DeleteRequest & { dryRun: boolean }> {
  const sent = await readValue(request, { schemas })
  const value = typeof sent === 'string' ? parseBody(sent) : sent
  if (value !== undefined && value !== null && !isJsonObject(value)) throw badRequest('DeleteOptions must be an object')
  const body = (value ?? {}) as Record<string, unknown>
  const { query } = request
  const dryRun = Array.isArray(body.dryRun) ? body.dryRun.map(String) : query.getAll('dryRun')
  const options: DeleteRequest & { dryRun: boolean } = {
    dryRun: dryRun.includes('All'),
  }
  const notKnown = dryRunErrors(dryRun)
  if (notKnown.length > 0) throw invalid(DELETE_OPTIONS, '', notKnown)
  const grace = body.gracePeriodSeconds ?? query.get('gracePeriodSeconds') ?? undefined
  if (grace !== undefined) {
    const seconds = typeof grace === 'string' ? jsonNumber(grace) : grace
    if (!isInt64(seconds)) throw badRequest(`gracePeriodSeconds: Invalid value: ${JSON.stringify(grace)}`)
    // Upstream treats a negative number as "one second", the shortest grace there is.
    options.gracePeriodSeconds = seconds < 0 ? 1 : (seconds as number)
  }
  const policy = body.propagationPolicy ?? query.get('propagationPolicy') ?? undefined
  if (policy !== undefined) {
    const known = POLICIES.find((candidate) => candidate === policy)
    if (!known) {
      throw invalid(DELETE_OPTIONS, '', [
        fieldError.notSupported('propagationPolicy', policy, ['Foreground', 'Background', 'Orphan', 'nil']),
      ])
    }
    options.propagationPolicy = known
  }
  const orphan = body.orphanDependents ?? query.get('orphanDependents') ?? undefined
  if (orphan !== undefined) {
    if (options.propagationPolicy) {
      throw invalid(DELETE_OPTIONS, '', [
        fieldError.invalid('propagationPolicy', policy, 'orphanDependents and deletionPropagation cannot be both set'),
      ])
    }
    options.orphanDependents = orphan === true || orphan === 'true'
  }
  if (isJsonObject(body.preconditions)) {
    const { uid, resourceVersion } = body.preconditions
    options.preconditions = {
      ...(typeof uid === 'string' ? { uid } : {}),
      ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
    }
  }
  return options
}
