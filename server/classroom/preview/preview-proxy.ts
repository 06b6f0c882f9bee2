// Carries a request to a door of the learner's cluster, and what is answered back. See previews.ts for who may, and
// passing-back.ts for what a page may not.

import http, { type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http'
import https from 'node:https'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { joinDuplexes } from '../../base/join-duplexes.ts'
import type { Place } from '../../base/rewrite-url.ts'
import { rewritePage } from './page-rewriter.ts'
import { allowedTo, passedBack, safeguards } from './passing-back.ts'
import { PREVIEW, type Preview, type Previews } from './previews.ts'

/** Longer than any page should think, shorter than a person waits. */
const ANSWER_WITHIN_MS = 30_000
/** Of one connection only, the classroom's own proofs of who asks, and what has no meaning behind this door. */
const NOT_PASSED_ON =
  /^(?:host|cookie|authorization|proxy-.*|connection|keep-alive|te|trailer|transfer-encoding|upgrade|accept-encoding|referer|origin|forwarded|x-forwarded-.*|x-real-ip|access-control-.*)$/

export async function servePreview(previews: Previews, request: IncomingMessage, response: ServerResponse) {
  const { preview, path } = find(previews, request)
  if (!preview) return say(response, 404, 'This preview has ended', 'Open it again from your lab.')
  if (path === undefined) {
    response.writeHead(307, { ...safeguards, location: `${preview.prefix}/${queryOf(request)}` }).end()
    return
  }
  const cors = allowedTo(request.headers)
  if (request.method === 'OPTIONS' && request.headers['access-control-request-method']) {
    response.writeHead(204, { ...safeguards, ...cors }).end()
    return
  }
  endWith(preview, response)
  const outgoing = await dial(preview, path, request, {})
  response.once('close', () => outgoing.destroy())
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  outgoing.setTimeout(ANSWER_WITHIN_MS, () => outgoing.destroy(new Error('nothing came in time')))
  outgoing.once('response', (answer) => {
    outgoing.setTimeout(0)
    resolve(answer)
  })
  outgoing.once('error', reject)
  // Of a pod that was not asked to take over the connection.
  outgoing.once('upgrade', ({ statusCode, statusMessage }, peer) => {
    peer.destroy()
    reject(new Error(`unexpected answer: ${statusCode} ${statusMessage}`))
  })
  request.pipe(outgoing)
  let answer: IncomingMessage
  try {
    answer = await promise
  } catch (err) {
    if (response.destroyed) return
    return say(
      response,
      502,
      `${preview.door.url} does not answer`,
      `${wordsOf(err)}. Is somebody listening behind it?`,
    )
  }
  await keepCookies(preview, path, answer)
  const headers = { ...passedBack(answer.headers, placeOf(preview)), ...cors }
  await passOn(answer, headers, response, placeOf(preview)).catch(() => response.destroy())
}

/** WebSockets. Answers by itself, also when there is no such preview. */
export async function upgradePreview(previews: Previews, request: IncomingMessage, socket: Duplex, head: Buffer) {
  const { preview, path } = find(previews, request)
  if (!preview || path === undefined) return void socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n')
  const { upgrade = '' } = request.headers
  endWith(preview, socket)
  const outgoing = await dial(preview, path, request, { connection: 'Upgrade', upgrade })
  socket.once('close', () => outgoing.destroy())
  outgoing.once('upgrade', (answer, peer, peerHead) => {
    socket.write(headOf(answer))
    if (peerHead.length > 0) peer.unshift(peerHead)
    if (head.length > 0) socket.unshift(head)
    joinDuplexes(socket, peer)
  })
  outgoing.once('response', (answer) => {
    answer.destroy()
    socket.end(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\nConnection: close\r\n\r\n`)
  })
  outgoing.once('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n'))
  outgoing.end()
}

function endWith({ underWay }: Preview, answer: ServerResponse | Duplex): void {
  underWay.add(answer)
  answer.once('close', () => underWay.delete(answer))
}

/** `path` as the pod is asked for it, with its query; undefined where there is not even a slash behind the token. */
function find(
  previews: Previews,
  request: IncomingMessage,
): { preview: Preview | undefined; path: string | undefined } {
  const [, token = '', rest = ''] = PREVIEW.exec(request.url ?? '') ?? []
  return { preview: previews.find(token), path: rest.startsWith('/') ? rest : undefined }
}

async function dial(preview: Preview, path: string, request: IncomingMessage, extra: OutgoingHttpHeaders) {
  const { door } = preview
  const { host } = placeOf(preview)
  const headers: OutgoingHttpHeaders = {}
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined && !NOT_PASSED_ON.test(name)) headers[name] = value
  }
  const cookie = await preview.cookies.getCookieString(`${door.url}${path}`)
  Object.assign(headers, {
    host,
    ...(cookie ? { cookie } : {}),
    ...(request.headers.origin ? { origin: door.url } : {}),
    'x-forwarded-prefix': preview.prefix,
    ...extra,
  })
  const { request: send } = door.tls ? https : http
  return send({
    host: door.host,
    port: door.port,
    // Certificates in a learner's cluster are of their own making.
    ...(door.tls ? { rejectUnauthorized: false, servername: new URL(door.url).hostname.replace(/^[\d.]+$/, '') } : {}),
    method: request.method,
    path,
    headers,
    agent: false,
  })
}

async function keepCookies({ door, cookies }: Preview, path: string, answer: IncomingMessage): Promise<void> {
  for (const cookie of answer.headers['set-cookie'] ?? []) {
    await cookies.setCookie(cookie, `${door.url}${path}`, { ignoreError: true })
  }
}

async function passOn(answer: IncomingMessage, headers: OutgoingHttpHeaders, response: ServerResponse, place: Place) {
  const isPage = /^text\/html\b/i.test(answer.headers['content-type'] ?? '') && !answer.headers['content-encoding']
  const code = answer.statusCode ?? 502
  if (!isPage || response.req.method === 'HEAD') {
    response.writeHead(code, headers)
    return pipeline(answer, response)
  }
  const { 'content-length': _, ...rest } = headers
  response.writeHead(code, rest)
  return pipeline(asBytes(rewritePage(answer.setEncoding('latin1'), place)), response)
}

async function* asBytes(texts: AsyncIterable<string>): AsyncGenerator<Buffer> {
  for await (const text of texts) yield Buffer.from(text, 'latin1')
}

/** Of the answer to an upgrade, what the two ends need to agree. */
function headOf({ headers, statusMessage = '' }: IncomingMessage): string {
  const passed = ['upgrade', 'connection', 'sec-websocket-accept', 'sec-websocket-protocol', 'sec-websocket-extensions']
  const lines = passed.flatMap((name) => (headers[name] === undefined ? [] : `${name}: ${headers[name]}`))
  return `HTTP/1.1 101 ${statusMessage}\r\n${lines.join('\r\n')}\r\n\r\n`
}

const placeOf = ({ prefix, door }: Preview): Place => ({ prefix, host: new URL(door.url).host })

const queryOf = ({ url = '' }: IncomingMessage) => (url.includes('?') ? url.slice(url.indexOf('?')) : '')

const wordsOf = (err: unknown) =>
  ({ ECONNREFUSED: 'The connection was refused', EHOSTUNREACH: 'There is no way there' })[
    (err as NodeJS.ErrnoException).code ?? ''
  ] ?? `The connection failed: ${(err as Error).message}`

/** A page of ours in the place of theirs. */
function say(response: ServerResponse, status: number, title: string, words: string): void {
  response.writeHead(status, { ...safeguards, 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
  const escaped = (text: string) => text.replace(/[&<>]/g, (letter) => `&#${letter.charCodeAt(0)};`)
  response.end(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  body { max-width: 34rem; margin: 12vh auto; padding: 0 1rem }
  h1 { font-size: 1.25rem; overflow-wrap: anywhere }
</style>
<h1>${escaped(title)}</h1>
<p>${escaped(words)}
</html>
`)
}
