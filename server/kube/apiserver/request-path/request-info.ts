// What a request is about, read from its method and path alone: this is what authorization decides on.
//
//   GET /apis/apps/v1/namespaces/shop/deployments/web/scale
//            group version  namespace   resource  name subresource      verb: get
//
// Upstream: apiserver/pkg/endpoints/request/requestinfo.go.

import { parseFieldSelector } from '../../apimachinery/field-selector.ts'
import { pathSegmentProblems } from '../../apimachinery/names.ts'
import { badRequest } from '../../apimachinery/status-error.ts'
import { readBoolean } from './query-parameters.ts'

export interface RequestInfo {
  isResource: boolean
  path: string
  verb: string
  group: string
  version: string
  namespace: string
  resource: string
  name: string
  subresource: string
  /** Of a list or a watch, as it was sent. */
  fieldSelector: string
}

const VERB_OF: Readonly<Record<string, string>> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}

const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize'])

export function readRequestInfo(method: string, path: string, query: URLSearchParams): RequestInfo {
  const segments = path.split('/')
  if (segments[0] === '') segments.shift()
  if (segments.includes('')) segments.splice(0, segments.length, ...segments.filter((segment) => segment !== ''))
  const info: RequestInfo = {
    isResource: false,
    path,
    verb: method.toLowerCase(),
    group: '',
    version: '',
    namespace: '',
    resource: '',
    name: '',
    subresource: '',
    fieldSelector: '',
  }
  const [root] = segments
  let parts: string[]
  if (root === 'api' && segments.length > 2) {
    info.version = segments[1] ?? ''
    parts = segments.slice(2)
  } else if (root === 'apis' && segments.length > 3) {
    info.group = segments[1] ?? ''
    info.version = segments[2] ?? ''
    parts = segments.slice(3)
  } else return info

  info.isResource = true
  info.verb = VERB_OF[method] ?? method.toLowerCase()
  // The oldest way to ask for a watch: /api/v1/watch/pods.
  const isOldWatch = parts[0] === 'watch' && parts.length > 1
  if (isOldWatch) parts = parts.slice(1)
  // What follows is a proxy's path, and nothing to read here.
  const decoded = parts.slice(0, 5).map(unescapeSegment)
  if (decoded[0] === 'namespaces' && decoded.length > 2 && !NAMESPACE_SUBRESOURCES.has(decoded[2] ?? '')) {
    info.namespace = decoded[1] ?? ''
    ;[info.resource = '', info.name = '', info.subresource = ''] = decoded.slice(2)
  } else {
    ;[info.resource = '', info.name = '', info.subresource = ''] = decoded
    if (info.resource === 'namespaces') info.namespace = info.name
  }
  // Of one object by its name there is no other watch: `?watch` says nothing there.
  if (info.name !== '' && info.subresource === '' && info.verb === 'get' && isOldWatch) info.verb = 'watch'
  if (info.name === '' && info.verb === 'get') {
    info.verb = isWatch(query) || isOldWatch ? 'watch' : 'list'
    info.fieldSelector = query.get('fieldSelector') ?? ''
    info.name = selectedName(info.fieldSelector)
  }
  if (info.name === '' && info.verb === 'delete') info.verb = 'deletecollection'
  return info
}

/** A list of the one object of a name is allowed to whoever may read that object. */
function selectedName(fieldSelector: string): string {
  if (!fieldSelector.includes('metadata.name')) return ''
  const found = parseFieldSelector(fieldSelector).find(({ field, equal }) => field === 'metadata.name' && equal)
  return found && pathSegmentProblems(found.value).length === 0 ? found.value : ''
}

const isWatch = (query: URLSearchParams) => readBoolean(query, 'watch') === true

function unescapeSegment(segment: string): string {
  if (!segment.includes('%')) return segment
  let text: string
  try {
    text = decodeURIComponent(segment)
  } catch {
    throw badRequest(`invalid URL escape in ${JSON.stringify(segment)}`)
  }
  const [problem] = pathSegmentProblems(text)
  if (problem) throw badRequest(`Name parameter invalid: ${JSON.stringify(text)}: ${problem}`)
  return text
}
