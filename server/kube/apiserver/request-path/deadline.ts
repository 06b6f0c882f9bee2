// How long a request may take. What streams has no end; everything else is answered within a minute, or within what
// the client has asked for. Upstream: apiserver/pkg/endpoints/filters/request_deadline.go, pkg/server/filters/timeout.go.

import type { Clock } from '../../../base/clock.ts'
import { badRequest, StatusError } from '../../apimachinery/status-error.ts'
import type { RequestInfo } from './request-info.ts'

const LONGEST_MS = 60_000
const STREAMS = new Set(['attach', 'exec', 'proxy', 'log', 'portforward'])

export const isLongRunning = (info: RequestInfo): boolean =>
  info.isResource ? info.verb === 'watch' || STREAMS.has(info.subresource) : info.path.startsWith('/debug/pprof/')

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

export function readTimeoutMs(query: URLSearchParams): number {
  const text = query.get('timeout')
  if (!text) return LONGEST_MS
  const refuse = (why: string) => badRequest(`invalid timeout specified in the request URL - time: ${why}`)
  const shown = JSON.stringify(text)
  const unsigned = text.replace(/^[-+]/, '')
  if (unsigned === '0') return LONGEST_MS
  if (/^\d+(?:\.\d*)?$/.test(unsigned)) throw refuse(`missing unit in duration ${shown}`)
  if (!/^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(unsigned))
    throw refuse(`invalid duration ${shown}`)
  let ms = 0
  for (const [, count, unit] of unsigned.matchAll(/([\d.]+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    ms += Number(count) * (UNIT_MS[unit ?? ''] ?? 0)
  }
  const told = text.startsWith('-') ? -ms : ms
  return told === 0 ? LONGEST_MS : Math.min(told, LONGEST_MS)
}

/** What is under way when the time is over goes on; nobody hears how it ends. */
export function within<T>(clock: Clock, timeoutMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => {
      work.catch(() => undefined)
      const why = 'request did not complete within requested timeout - context deadline exceeded'
      reject(new StatusError('Timeout', `Timeout: ${why}`, { details: {} }))
    }, timeoutMs)
    work.then(
      (result) => {
        timer[Symbol.dispose]()
        resolve(result)
      },
      (err) => {
        timer[Symbol.dispose]()
        reject(err)
      },
    )
  })
}
