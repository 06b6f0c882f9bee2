// Carries out what the guard decides, and finds out who it is. On loopback it redeems one-time links, and tells whoever
// has none how to get one. Where there are accounts it lets everybody see the pages, which hold nothing of anybody's, and
// says to the API who asks: a person, or nobody yet.

import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../base/clock.ts'
import { type Entrance, isLoopback } from './entrance.ts'
import { decide } from './guard.ts'
import { redeemToken } from './links.ts'
import { type LoginCookie, loginCookie } from './login-cookie.ts'
import type { Logins } from './logins.ts'
import type { Person } from './person.ts'

export interface FrontDoorOptions {
  stateDir: string
  entrance: Entrance
  logins: Logins
  clock: Clock
  /** Whom a link lets in, on loopback. */
  localPerson: Person | undefined
}

export interface Visitor {
  /** Nobody yet, where people log in. */
  person: Person | undefined
  browser: Browser
}

/** The other end, as far as logging in and out goes. */
export interface Browser {
  /** Whose requests these are, as far as anybody can tell before they log in. */
  readonly address: string
  /** Of the login that this browser has now. */
  readonly token: string | undefined
  remember(token: string): void
  forget(): void
}

export interface FrontDoor {
  /** Who comes, or undefined when the request has been answered here. */
  admit(request: IncomingMessage, response: ServerResponse): Promise<Visitor | undefined>
  /** The same for an upgrade, which is for people only; whoever is turned away has been told. */
  admitUpgrade(request: IncomingMessage, socket: Duplex): Promise<Person | undefined>
}

const HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'content-security-policy': "frame-ancestors 'none'",
  'referrer-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

export function frontDoor(options: FrontDoorOptions): FrontDoor {
  const { stateDir, entrance, logins, clock, localPerson } = options
  const { port } = entrance
  const cookies = { plain: loginCookie({ port, secure: false }), secure: loginCookie({ port, secure: true }) }
  const cookieAt = (origin: string) => (origin.startsWith('https:') ? cookies.secure : cookies.plain)
  const ask = ({ method = 'GET', url = '/', headers }: IncomingMessage, upgrade: boolean) =>
    decide({ method, url, headers, upgrade }, entrance)

  async function redeem(url: URL, isIn: boolean, cookie: LoginCookie, response: ServerResponse): Promise<void> {
    const token = url.searchParams.get('token') ?? ''
    url.searchParams.delete('token')
    if (!isIn) {
      if (!localPerson || !(await redeemToken(stateDir, token, clock))) {
        return answer(response, 401, 'text/html', lockedPage(true))
      }
      response.setHeader('set-cookie', cookie.set(await logins.open(localPerson.id)))
    }
    response.setHeader('location', `${url.pathname}${url.search}`)
    answer(response, 303, 'text/plain', '')
  }

  return {
    async admit(request, response) {
      for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
      const decision = ask(request, false)
      if (decision.kind === 'refuse') {
        answer(response, decision.status, 'text/plain', `${decision.message}\n`)
        return undefined
      }
      const { origin, isApi, url } = decision
      const cookie = cookieAt(origin)
      const token = cookie.read(request.headers.cookie)
      const person = await logins.personOf(token)
      if (!entrance.accounts) {
        if (!isApi && request.method === 'GET' && url.searchParams.has('token')) {
          await redeem(url, person !== undefined, cookie, response)
          return undefined
        }
        if (!person) {
          if (isApi || request.method !== 'GET') answer(response, 401, 'text/plain', `${OPEN_BY_LINK}\n`)
          else answer(response, 401, 'text/html', lockedPage(false))
          return undefined
        }
      }
      const address = addressOf(request, entrance.isProxied(origin))
      const setCookie = (value: string) => void response.setHeader('set-cookie', value)
      const browser = {
        address,
        token,
        remember: (fresh: string) => setCookie(cookie.set(fresh)),
        forget: () => setCookie(cookie.clear()),
      }
      return { person, browser }
    },
    async admitUpgrade(request, socket) {
      const decision = ask(request, true)
      if (decision.kind === 'refuse') {
        turnAway(socket, decision.status, decision.message)
        return undefined
      }
      const person = await logins.personOf(cookieAt(decision.origin).read(request.headers.cookie))
      if (!person) turnAway(socket, 401, entrance.accounts ? 'log in first' : OPEN_BY_LINK)
      return person
    },
  }
}

const OPEN_BY_LINK = 'open the classroom by its link first'

/** What a proxy says is believed only of one on this machine, and only what it wrote itself: the last word. */
function addressOf(request: IncomingMessage, isProxied: boolean): string {
  const peer = request.socket.remoteAddress ?? ''
  const forwarded = String(request.headers['x-forwarded-for'] ?? '')
  return isProxied && isLoopback(peer) && forwarded ? (forwarded.split(',').at(-1) ?? peer).trim() : peer
}

function turnAway(socket: Duplex, status: number, message: string): void {
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n${message}\n`,
  )
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.statusCode = status
  response.setHeader('content-type', `${type}; charset=utf-8`)
  response.setHeader('cache-control', 'no-store')
  response.end(body)
}

const lockedPage = (used: boolean): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Podium</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  body { max-width: 34rem; margin: 15vh auto; padding: 0 1rem }
  code { font-family: ui-monospace, monospace; background: color-mix(in srgb, currentColor 10%, transparent); padding: .1em .3em }
</style>
<h1>${used ? 'This link was used already' : 'This classroom needs its link'}</h1>
<p>${used ? 'A link lets one browser in, once.' : 'A browser is let in by a link that works once, so that no other page or person on this machine gets in.'}
<p>For a new link, run this on the machine where Podium runs, in its folder:
<p><code>npx podium token create</code>
</html>
`
