// What a pod says goes out on the classroom's own origin, so it must not be able to act as the classroom: the page is put
// into a sandbox without an origin of its own (no cookie of ours goes with its requests, nothing of ours can be read by its
// scripts), and of its headers only those are handed on that speak of the page itself. No cookie, no Clear-Site-Data, no
// Strict-Transport-Security of a learner's pod reaches the browser.

import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import { type Place, rewriteUrl } from '../../base/rewrite-url.ts'

const OF_THE_PAGE = new Set([
  'accept-ranges',
  'age',
  'allow',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-range',
  'content-type',
  'date',
  'etag',
  'expires',
  'last-modified',
  'retry-after',
  'server',
  'vary',
])
/** A program's own. */
const OWN = /^x-(?!frame-options$|forwarded-|accel-|sendfile)/

const SANDBOX = 'sandbox allow-scripts allow-forms allow-modals allow-popups allow-downloads'

export function passedBack(headers: IncomingHttpHeaders, place: Place): OutgoingHttpHeaders {
  const passed: OutgoingHttpHeaders = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && (OF_THE_PAGE.has(name) || OWN.test(name))) passed[name] = value
  }
  if (headers.location) passed.location = rewriteUrl(headers.location, place)
  const theirs = headers['content-security-policy']
  return {
    ...passed,
    ...safeguards,
    'content-security-policy': [theirs ?? [], SANDBOX].flat().join(', '),
  }
}

/** On every answer below a preview's path, ours too. */
export const safeguards: OutgoingHttpHeaders = {
  'content-security-policy': SANDBOX,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

/** A page without an origin asks as `null`: for its own scripts, fonts and calls that has to be enough. Who has the path may. */
export function allowedTo(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  if (headers.origin !== 'null') return {}
  const asked = headers['access-control-request-headers']
  return {
    'access-control-allow-origin': 'null',
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': '*',
    'access-control-allow-methods': headers['access-control-request-method'] ?? 'GET',
    ...(asked ? { 'access-control-allow-headers': asked } : {}),
  }
}
