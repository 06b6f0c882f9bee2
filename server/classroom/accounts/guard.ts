// Which requests are looked at, at all. Any web page can make a browser send requests here, and any name can be made to
// point here. So each request and each upgrade is asked, before anybody looks at its cookie:
//
//   Host     is it one of our own names? (a page that rebinds its name to our address says its own)
//   Origin   does it come from our own pages? (Origin, and Sec-Fetch-Site where browsers leave Origin out)
//
// Pure: what goes in are headers, what comes out is a decision.

import type { IncomingHttpHeaders } from 'node:http'
import type { Entrance } from './entrance.ts'

export interface GuardedRequest {
  method: string
  /** Path with query, as requested. */
  url: string
  headers: IncomingHttpHeaders
  upgrade: boolean
}

export type Decision =
  /** May be looked at. `isApi`: it asks for something, rather than for a page. */
  { kind: 'pass'; origin: string; isApi: boolean; url: URL } | { kind: 'refuse'; status: 400 | 403; message: string }

const API = /^\/(api|terminal)(\/|$)/

export function decide(request: GuardedRequest, entrance: Pick<Entrance, 'originOf' | 'answersAs'>): Decision {
  const ours = entrance.originOf(request.headers.host ?? '')
  if (!ours) return refuse(403, `this classroom answers as ${entrance.answersAs} only`)
  if (!request.url.startsWith('/')) return refuse(400, 'the address is not a path')
  const url = new URL(`${ours}${request.url}`)
  const isApi = request.upgrade || API.test(url.pathname)
  const { origin } = request.headers
  if (origin !== undefined && origin !== ours) return refuse(403, 'this comes from another site')
  if ((isApi || changes(request)) && !isFromOurPages(request)) {
    return refuse(403, 'this does not come from the classroom’s own pages')
  }
  return { kind: 'pass', origin: ours, isApi, url }
}

const changes = ({ method }: GuardedRequest) => method !== 'GET' && method !== 'HEAD'

/**
 * Whatever changes something or keeps talking must prove where it comes from. Browsers send no Origin with a GET to
 * their own site, but then they say Sec-Fetch-Site. A plain read without either is a program, not a page.
 */
function isFromOurPages(request: GuardedRequest): boolean {
  const { url, headers, upgrade } = request
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') return false
  if (headers.origin !== undefined || site === 'same-origin') return true
  const streams = headers.accept?.includes('text/event-stream') ?? false
  return !upgrade && !streams && !changes(request) && !/\.watch(\?|$|,)/.test(url)
}

const refuse = (status: 400 | 403, message: string): Decision => ({ kind: 'refuse', status, message })
