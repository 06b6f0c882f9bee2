// URLs as Go reads them, which keeps their parts as they were written. Upstream: apiserver/pkg/cel/library/urls.go, net/url.

import type { Environment } from '@marcbachmann/cel-js'

class Url {
  readonly scheme: string
  readonly host: string
  readonly path: string
  readonly query: string

  constructor(told: { scheme: string; host: string; path: string; query: string }) {
    this.scheme = told.scheme
    this.host = told.host
    this.path = told.path
    this.query = told.query
  }

  get hostAndPort(): [string, string] {
    const [, host = '', port = ''] = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(this.host) ?? []
    return [host.replace(/^\[|\]$/g, ''), port]
  }
}

const ABSOLUTE = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/?]*))?([^?]*)(?:\?(.*))?$/is
const PATH = /^(\/[^?]*)(?:\?(.*))?$/s
const HOST = /^(?:\[[0-9a-f:.]+(?:%25[^\]]+)?\]|(?:[\w.~!$&'()*+,;="<>-]|%[0-9a-f]{2}|[\u0080-\uffff])*)(?::\d*)?$/i
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a URL may not hold
const CONTROL = /[\u0000-\u001f\u007f]/
const BROKEN_ESCAPE = /%(?![0-9a-f]{2})/i

function parse(text: string): Url | undefined {
  if (text === '' || CONTROL.test(text)) return undefined
  const [, scheme = '', authority, rest = '', query = ''] = ABSOLUTE.exec(text) ?? []
  const [, path = '', ofPath = ''] = PATH.exec(text) ?? []
  if (path) return BROKEN_ESCAPE.test(path) ? undefined : new Url({ scheme: '', host: '', path, query: ofPath })
  if (!scheme) return undefined
  const host = authority?.slice(authority.lastIndexOf('@') + 1) ?? ''
  if (!HOST.test(host) || BROKEN_ESCAPE.test(rest)) return undefined
  // What has neither slashes nor a path is opaque: `mailto:somebody`.
  return new Url({
    scheme: scheme.toLowerCase(),
    host,
    path: rest.startsWith('/') || authority !== undefined ? rest : '',
    query,
  })
}

function read(text: string): Url {
  const url = parse(text)
  if (!url) {
    throw new Error(
      `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
    )
  }
  return url
}

/** As it was written, if that is as it must be. */
function escapedPath({ path }: Url): string {
  if (/^[\w.~!$&'()*+,;=:@[\]%/-]*$/.test(path)) return path
  return encodeURI(decodeURIComponent(path)).replace(
    /[!'()*?#[\]]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** In one pass: `getAll` looks through all of them for each name. */
function queryOf({ query }: Url): Record<string, string[]> {
  const byName = Map.groupBy(new URLSearchParams(query), ([name]) => name)
  return Object.fromEntries(Array.from(byName, ([name, pairs]) => [name, pairs.map(([, value]) => value)]))
}

export function addUrls(environment: Environment): void {
  const sync = { async: false }
  const type = 'kubernetes.URL'
  const on = (signature: string, handler: (of: Url) => unknown) =>
    environment.registerFunction(`${type}.${signature}`, handler, sync)
  environment
    .registerType(type, Url)
    .registerFunction(`url(string): ${type}`, read, sync)
    .registerFunction('isURL(string): bool', (text: string) => parse(text) !== undefined, sync)
  on('getScheme(): string', ({ scheme }) => scheme)
  on('getHost(): string', ({ host }) => host)
  on('getHostname(): string', ({ hostAndPort }) => hostAndPort[0])
  on('getPort(): string', ({ hostAndPort }) => hostAndPort[1])
  on('getEscapedPath(): string', escapedPath)
  on('getQuery(): map<string, list<string>>', queryOf)
}
