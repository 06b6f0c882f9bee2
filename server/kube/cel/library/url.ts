// URLs and what they are made of. Upstream: apiserver/pkg/cel/library/urls.go.

import type { Environment } from '@marcbachmann/cel-js'
import { type GoUrl, isRequestUri, parseRequestUri, UrlProblem } from '../../apimachinery/go-url.ts'

class Url {
  readonly scheme: string
  readonly host: string
  readonly path: string
  readonly query: string

  constructor(told: GoUrl) {
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

function read(text: string): Url {
  try {
    return new Url(parseRequestUri(text))
  } catch (err) {
    if (!(err instanceof UrlProblem)) throw err
    throw new Error(`URL parse error during conversion from string: ${err.message}`)
  }
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
    .registerFunction('isURL(string): bool', isRequestUri, sync)
  on('getScheme(): string', ({ scheme }) => scheme)
  on('getHost(): string', ({ host }) => host)
  on('getHostname(): string', ({ hostAndPort }) => hostAndPort[0])
  on('getPort(): string', ({ hostAndPort }) => hostAndPort[1])
  on('getEscapedPath(): string', escapedPath)
  on('getQuery(): map<string, list<string>>', queryOf)
}
