// One GET, as a kubelet's probes and hooks ask: followed where the answer says so, but never away from the host that was
// asked. Upstream: pkg/probe/http/http.go (RedirectChecker), net/http's client.

import http from 'node:http'
import https from 'node:https'
import { keepEnds, requestWords } from '../../base/net-errors.ts'
import type { NodeOs } from './node-os.ts'

type Request = Parameters<NodeOs['httpGet']>[0]
type Answer = Awaited<ReturnType<NodeOs['httpGet']>>

/** As Go counts them. */
const MOST_REDIRECTS = 10
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

export async function httpGet(request: Request): Promise<Answer> {
  // All of them together have this much time.
  const signal = AbortSignal.timeout(request.timeoutMs)
  let asked = request
  for (let followed = 0; ; followed++) {
    const { location, ...answer } = await get(asked, signal)
    if (!location || !REDIRECTS.has(answer.status)) return answer
    const next = nextOf(asked, location)
    if (!next) return answer
    if (followed + 1 >= MOST_REDIRECTS) throw new Error(`stopped after ${MOST_REDIRECTS} redirects`)
    asked = next
  }
}

/** What to ask instead; undefined when that is at somebody else's. */
function nextOf(request: Request, location: string): Request | undefined {
  const { scheme, host, port, path, headers } = request
  const base = `${scheme.toLowerCase()}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`
  const url = URL.parse(location, base)
  if (!url || url.hostname !== new URL(base).hostname) return undefined
  const nextScheme = url.protocol === 'https:' ? 'HTTPS' : 'HTTP'
  // A name told for the first one holds for it as long as nobody says another.
  const isRelative = URL.parse(location) === null
  return {
    ...request,
    scheme: nextScheme,
    port: Number(url.port || (nextScheme === 'HTTPS' ? 443 : 80)),
    path: `${url.pathname}${url.search}`,
    headers: isRelative ? headers : headers.filter(({ name }) => !/^host$/i.test(name)),
  }
}

const get = (
  { scheme, host, port, path, headers, maxBodyBytes = 10_240 }: Request,
  signal: AbortSignal,
): Promise<Answer & { location: string | undefined }> =>
  new Promise((resolve, reject) => {
    const request = (scheme === 'HTTPS' ? https : http).get({
      host,
      port,
      path,
      headers: byName(headers),
      // Probes ask whether somebody answers, not who.
      ...(scheme === 'HTTPS' ? { rejectUnauthorized: false } : {}),
      agent: false,
      signal,
    })
    request.once('socket', keepEnds)
    request.once('response', (answer) => {
      let body = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => {
        if (body.length < maxBodyBytes) body += chunk
      })
      const done = () => resolve({ status: answer.statusCode ?? 0, body, location: answer.headers.location })
      answer.once('end', done)
      answer.once('error', done)
    })
    request.once('error', (err: NodeJS.ErrnoException) => {
      const late = err.name === 'AbortError' || err.name === 'TimeoutError'
      const why = late
        ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
        : requestWords(err, `${host}:${port}`)
      reject(new Error(why))
    })
  })

/** One that is named twice is sent twice. */
function byName(headers: Request['headers']): Record<string, string | string[]> {
  const all = new Map<string, string[]>()
  for (const { name, value } of headers) {
    const known = [...all.keys()].find((one) => one.toLowerCase() === name.toLowerCase()) ?? name
    all.set(known, [...(all.get(known) ?? []), value])
  }
  return Object.fromEntries([...all].map(([name, values]) => [name, values.length === 1 ? values[0]! : values]))
}
