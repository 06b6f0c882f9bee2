// Custom resources go by no routes: what is not for them is told in words of its own. Upstream:
// apiextensions-apiserver/pkg/apiserver/customresource_handler.go.

import { badRequest, notFound, PageNotFoundError, qualified, StatusError } from '../../apimachinery/status-error.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import type { RequestInfo } from '../request-path/request-info.ts'

const VERBS = new Set(['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'])
const VERBS_OF_SUBRESOURCES = new Set(['get', 'update', 'patch'])
const ACROSS_NAMESPACES = new Set(['list', 'watch'])
const NAMED = new Set(['update', 'patch'])

export function assertCustomRoute(kind: AnyKind, info: RequestInfo): void {
  const { verb, name, namespace, subresource } = info
  const isElsewhere = kind.namespaced ? namespace === '' && !ACROSS_NAMESPACES.has(verb) : namespace !== ''
  if (isElsewhere) throw new PageNotFoundError()
  const resource = { group: info.group, resource: info.resource }
  if (subresource && !kind.subresources.includes(subresource)) throw notFound(resource, name)
  if (!(subresource ? VERBS_OF_SUBRESOURCES : VERBS).has(verb)) throw notSupported(resource, verb)
  if (name === '' && NAMED.has(verb)) throw badRequest('name must be provided')
}

const notSupported = (of: { group: string; resource: string }, verb: string) =>
  new StatusError('MethodNotAllowed', `${verb} is not supported on resources of kind "${qualified(of)}"`, {
    details: { group: of.group, kind: of.resource },
  })
