// What a list, a watch or a deletion of many may be told in its query, and which of it does not go together.
// Upstream: apimachinery/pkg/apis/meta/internalversion/validation/validation.go.

import { type FieldError, fieldError, invalid } from '../../apimachinery/status-error.ts'
import { readBoolean, readInteger } from '../request-path/query-parameters.ts'

export interface ListOptions {
  labelSelector: string
  fieldSelector: string
  resourceVersion: string
  resourceVersionMatch: string
  limit: number
  continueToken: string
  allowWatchBookmarks: boolean
  sendInitialEvents: boolean | undefined
  timeoutSeconds: number | undefined
}

export function readListOptions(query: URLSearchParams, isWatch: boolean): ListOptions {
  const options: ListOptions = {
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
    resourceVersion: query.get('resourceVersion') ?? '',
    resourceVersionMatch: query.get('resourceVersionMatch') ?? '',
    limit: readInteger(query, 'limit') ?? 0,
    continueToken: query.get('continue') ?? '',
    allowWatchBookmarks: readBoolean(query, 'allowWatchBookmarks') ?? false,
    sendInitialEvents: readBoolean(query, 'sendInitialEvents'),
    timeoutSeconds: readInteger(query, 'timeoutSeconds'),
  }
  const errors = [...(isWatch ? watchErrors(options) : listErrors(options))]
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors)
  return options
}

const MATCH = 'resourceVersionMatch'
const forbiddenMatch = (why: string) => fieldError.forbidden(MATCH, `${MATCH} is forbidden ${why}`)
const unknownMatch = (match: string) => fieldError.notSupported(MATCH, match, ['Exact', 'NotOlderThan', ''])

function* listErrors(options: ListOptions): Generator<FieldError> {
  const { resourceVersionMatch: match, resourceVersion, continueToken, sendInitialEvents } = options
  if (match !== '') {
    if (resourceVersion === '') yield forbiddenMatch('unless resourceVersion is provided')
    if (continueToken !== '') yield forbiddenMatch('when continue is provided')
    if (match !== 'Exact' && match !== 'NotOlderThan') yield unknownMatch(match)
    if (match === 'Exact' && resourceVersion === '0') {
      yield fieldError.forbidden(MATCH, `${MATCH} "exact" is forbidden for resourceVersion "0"`)
    }
  }
  if (sendInitialEvents !== undefined) {
    yield fieldError.forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list')
  }
}

function* watchErrors(options: ListOptions): Generator<FieldError> {
  const { resourceVersionMatch: match, continueToken, sendInitialEvents } = options
  if (sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    yield fieldError.forbidden(MATCH, `sendInitialEvents requires setting ${MATCH} to NotOlderThan`)
  }
  if (match === '') return
  if (sendInitialEvents === undefined) yield forbiddenMatch('for watch unless sendInitialEvents is provided')
  if (match !== 'NotOlderThan') yield fieldError.notSupported(MATCH, match, ['NotOlderThan'])
  if (continueToken !== '') yield forbiddenMatch('when continue is provided')
}
