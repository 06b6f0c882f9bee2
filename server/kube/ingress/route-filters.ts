// What the filters of a route's rule ask for, and which of that this door cannot do.

import type { BackendRef, HeaderModifier, PathModifier, RouteFilter, RouteRule } from './gateway-kinds.ts'
import type { Backend, Changes, HeaderChanges, PathChange } from './site.ts'

/** `prefix` is what the rule's match has. */
export function changesOf(
  filters: readonly RouteFilter[],
  prefix: string,
  backendOf: (ref: BackendRef) => Backend,
): Changes | undefined {
  if (filters.length === 0) return undefined
  const changes: Changes = {}
  for (const { requestHeaderModifier, responseHeaderModifier, requestRedirect, urlRewrite, requestMirror } of filters) {
    if (requestHeaderModifier) changes.request = headerChanges(requestHeaderModifier)
    if (responseHeaderModifier) changes.response = headerChanges(responseHeaderModifier)
    if (urlRewrite?.hostname) changes.host = urlRewrite.hostname
    if (urlRewrite?.path) changes.path = pathChange(urlRewrite.path, prefix)
    if (requestMirror) changes.mirrors = [...(changes.mirrors ?? []), backendOf(requestMirror.backendRef)]
    if (!requestRedirect) continue
    const { scheme, hostname, port, path, statusCode = 302 } = requestRedirect
    changes.redirect = {
      ...(scheme && { scheme }),
      ...(hostname && { host: hostname }),
      ...(port && { port }),
      ...(path && { path: pathChange(path, prefix) }),
      code: statusCode,
    }
  }
  return changes
}

const headerChanges = ({ set = [], add = [], remove = [] }: HeaderModifier): HeaderChanges => ({ set, add, remove })

function pathChange({ type, replaceFullPath = '', replacePrefixMatch = '' }: PathModifier, prefix: string): PathChange {
  const absolute = (path: string) => (path.startsWith('/') ? path : `/${path}`)
  return type === 'ReplaceFullPath' ? { full: absolute(replaceFullPath) } : { prefix, by: absolute(replacePrefixMatch) }
}

/** In words; undefined where all can be done. */
export function unsupportedFilter({ filters = [], backendRefs = [], timeouts }: RouteRule): string | undefined {
  if (timeouts) return 'timeouts are not supported'
  if (backendRefs.some((ref) => ref.filters?.length)) return 'filters of single backends are not supported'
  return filters.map(refusalOf).find((words) => words !== undefined)
}

function refusalOf({ type, ...filter }: RouteFilter): string | undefined {
  switch (type) {
    case 'RequestHeaderModifier':
      return refusedHeader(filter.requestHeaderModifier)
    case 'ResponseHeaderModifier':
      return refusedHeader(filter.responseHeaderModifier)
    case 'URLRewrite':
      return refusedPath(filter.urlRewrite?.path)
    case 'RequestMirror': {
      const { percent, fraction } = filter.requestMirror ?? {}
      return percent !== undefined || fraction ? 'a part of the requests is not mirrored: all are, or none' : undefined
    }
    case 'RequestRedirect': {
      const { path, statusCode = 302 } = filter.requestRedirect ?? {}
      if (path?.type === 'ReplacePrefixMatch' && statusCode !== 301 && statusCode !== 302) {
        return `with ReplacePrefixMatch a redirect is 301 or 302, not ${statusCode}`
      }
      return refusedPath(path)
    }
    default:
      return `filters are not supported: ${type}`
  }
}

function refusedHeader({ set = [], add = [], remove = [] }: HeaderModifier = {}): string | undefined {
  const odd = remove.find((name) => !/^[\w!#$%&'*+.^`|~-]+$/.test(name))
  if (odd !== undefined) return `${odd} is no name of a header`
  const unreadable = add.find(({ name }) => !/^[A-Za-z0-9-]+$/.test(name))
  if (unreadable) return `nothing can be added to the header ${unreadable.name}: letters, digits and "-" only`
  const broken = [...set, ...add].find(({ value }) => CONTROL.test(value))
  return broken && `the value of the header ${broken.name} is not one line of text`
}

function refusedPath({
  replaceFullPath = '',
  replacePrefixMatch = '',
}: Partial<PathModifier> = {}): string | undefined {
  const path = replaceFullPath + replacePrefixMatch
  return /[?#\s]/.test(path) || CONTROL.test(path) ? `${JSON.stringify(path)} is more than a path` : undefined
}

const CONTROL = /\p{Cc}/u
