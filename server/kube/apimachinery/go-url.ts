// URLs as Go reads those of requests: absolute, or a path. Parts stay as they were written, and what is wrong is told in
// Go's words. Upstream: Go's net/url ParseRequestURI.

export interface GoUrl {
  scheme: string
  host: string
  path: string
  query: string
}

export class UrlProblem extends Error {}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a URL may not hold
const CONTROL = /[\u0000-\u001f\u007f]/
const SCHEME = /^([a-z][a-z0-9+.-]*):/i
const BROKEN_ESCAPE = /%(?![0-9a-f]{2}).{0,2}/is
const NOT_OF_USERS = /[^\w.~!$&'()*+,;=:%@-]/
const NOT_OF_HOSTS = /[^\w.~!$&'()*+,;=:[\]<>"%\u0080-\uffff-]/
/** Of what needs none: names of hosts have no second way to be written. */
const NEEDLESS_ESCAPE = /%(?!25)[0-7][0-9a-f]/i
const PORT = /^(?::\d*)?$/

/** Throws a UrlProblem. */
export function parseRequestUri(text: string): GoUrl {
  try {
    return parsed(text)
  } catch (err) {
    if (err instanceof UrlProblem) throw new UrlProblem(`parse ${JSON.stringify(text)}: ${err.message}`)
    throw err
  }
}

export function isRequestUri(text: string): boolean {
  try {
    parsed(text)
    return true
  } catch (err) {
    if (err instanceof UrlProblem) return false
    throw err
  }
}

function parsed(text: string): GoUrl {
  if (CONTROL.test(text)) throw new UrlProblem('net/url: invalid control character in URL')
  if (text === '') throw new UrlProblem('empty url')
  if (text === '*') return { scheme: '', host: '', path: '*', query: '' }
  if (text.startsWith(':')) throw new UrlProblem('missing protocol scheme')
  const [whole = '', scheme = ''] = SCHEME.exec(text) ?? []
  const [, rest = '', query = ''] = /^([^?]*)(?:\?(.*))?$/s.exec(text.slice(whole.length)) ?? []
  const told = { scheme: scheme.toLowerCase(), query }
  if (!rest.startsWith('/')) {
    // What has neither slashes nor a path is opaque: `mailto:somebody`.
    if (scheme) return { ...told, host: '', path: '' }
    throw new UrlProblem('invalid URI for request')
  }
  if (!scheme || !rest.startsWith('//')) return { ...told, host: '', path: checked(rest) }
  const end = rest.indexOf('/', 2)
  const authority = end < 0 ? rest.slice(2) : rest.slice(2, end)
  return { ...told, host: hostOf(authority), path: end < 0 ? '' : checked(rest.slice(end)) }
}

/** Without whoever asks: `user:password@host:80`. */
function hostOf(authority: string): string {
  const at = authority.lastIndexOf('@')
  const host = authority.slice(at + 1)
  const bracket = host.lastIndexOf(']')
  if (host.startsWith('[') && bracket < 0) throw new UrlProblem("missing ']' in host")
  const colon = host.startsWith('[') ? bracket + 1 : host.lastIndexOf(':')
  const port = colon < 0 ? '' : host.slice(colon)
  if (!PORT.test(port)) throw new UrlProblem(`invalid port ${JSON.stringify(port)} after host`)
  const [needless] = NEEDLESS_ESCAPE.exec(checked(host)) ?? []
  if (needless) throw new UrlProblem(`invalid URL escape ${JSON.stringify(needless)}`)
  const [other] = NOT_OF_HOSTS.exec(host) ?? []
  if (other) throw new UrlProblem(`invalid character ${JSON.stringify(other)} in host name`)
  if (NOT_OF_USERS.test(authority.slice(0, Math.max(at, 0)))) throw new UrlProblem('net/url: invalid userinfo')
  checked(authority)
  return host
}

function checked(part: string): string {
  const [broken] = BROKEN_ESCAPE.exec(part) ?? []
  if (broken) throw new UrlProblem(`invalid URL escape ${JSON.stringify(broken)}`)
  return part
}
