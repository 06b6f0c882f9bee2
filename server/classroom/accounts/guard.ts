// Who may talk to the classroom. On loopback nobody logs in, but any web page in the same browser can send requests to
// loopback, and any name can be made to point there. So each request and each upgrade is asked three things:
//
//   Host     is it one of our own names? (a page that rebinds its name to 127.0.0.1 says its own)
//   Origin   does it come from our own pages? (Origin, and Sec-Fetch-Site where browsers leave Origin out)
//   Cookie   was this browser let in by a one-time link?
//
// Pure: what goes in are headers, what comes out is a decision.

import type { IncomingHttpHeaders } from 'node:http'
import type { SessionCookies } from './session-cookie.ts'

export interface GuardedRequest {
  method: string
  /** Path with query, as requested. */
  url: string
  headers: IncomingHttpHeaders
  upgrade: boolean
}

export type Decision =
  /** Let in, as this learner. */
  | { kind: 'pass'; learnerId: string }
  /** Has a one-time token to be redeemed; then on to `path`. */
  | { kind: 'redeem'; token: string; path: string }
  /** A person without a link: show how to get one. */
  | { kind: 'locked' }
  | { kind: 'refuse'; status: 400 | 401 | 403; message: string }

const NAMES = ['127.0.0.1', 'localhost', '[::1]']
const API = /^\/(api|terminal)(\/|$)/

export function decide(
  request: GuardedRequest,
  { port, cookies }: { port: number; cookies: SessionCookies },
): Decision {
  const hosts = NAMES.map((name) => (port === 80 ? name : `${name}:${port}`))
  const host = request.headers.host?.toLowerCase() ?? ''
  if (!hosts.includes(host)) {
    return refuse(403, `this classroom answers as ${hosts[0]} only`)
  }
  if (!request.url.startsWith('/')) return refuse(400, 'the address is not a path')
  const url = new URL(`http://${host}${request.url}`)
  const isApi = request.upgrade || API.test(url.pathname)
  const { origin } = request.headers
  if (origin !== undefined && origin !== `http://${host}`) return refuse(403, 'this comes from another site')
  if (isApi && !isFromOurPages(request)) return refuse(403, 'this does not come from the classroom’s own pages')

  const learnerId = cookies.read(request.headers.cookie)
  const token = url.searchParams.get('token')
  if (!isApi && request.method === 'GET' && token !== null) {
    url.searchParams.delete('token')
    const path = `${url.pathname}${url.search}`
    return learnerId === undefined ? { kind: 'redeem', token, path } : { kind: 'redeem', token: '', path }
  }
  if (learnerId !== undefined) return { kind: 'pass', learnerId }
  if (isApi || request.method !== 'GET') return refuse(401, 'open the classroom by its link first')
  return { kind: 'locked' }
}

/**
 * Whatever changes something or keeps talking must prove where it comes from. Browsers send no Origin with a GET to
 * their own site, but then they say Sec-Fetch-Site. A plain read without either is a program, not a page.
 */
function isFromOurPages({ method, url, headers, upgrade }: GuardedRequest): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') return false
  if (headers.origin !== undefined || site === 'same-origin') return true
  const streams = headers.accept?.includes('text/event-stream') ?? false
  return !upgrade && !streams && (method === 'GET' || method === 'HEAD') && !/\.watch(\?|$|,)/.test(url)
}

const refuse = (status: 400 | 401 | 403, message: string): Decision => ({ kind: 'refuse', status, message })
