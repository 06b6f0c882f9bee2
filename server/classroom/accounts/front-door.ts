// Carries out what the guard decides: lets in, redeems one-time links, and tells the others plainly how to get one.

import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../base/clock.ts'
import { decide } from './guard.ts'
import { redeemToken } from './links.ts'
import type { SessionCookies } from './session-cookie.ts'

export interface FrontDoorOptions {
  stateDir: string
  port: number
  cookies: SessionCookies
  clock: Clock
  /** The learner that a new browser belongs to. */
  learnerId: string
}

export interface FrontDoor {
  /** The learner, or undefined when the request has been answered here. */
  admit(request: IncomingMessage, response: ServerResponse): Promise<string | undefined>
  /** The same for an upgrade; whoever is turned away has been told. */
  admitUpgrade(request: IncomingMessage, socket: Duplex): string | undefined
}

const HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'content-security-policy': "frame-ancestors 'none'",
  'referrer-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

export function frontDoor(options: FrontDoorOptions): FrontDoor {
  const { stateDir, cookies, clock, learnerId } = options
  const ask = ({ method = 'GET', url = '/', headers }: IncomingMessage, upgrade: boolean) =>
    decide({ method, url, headers, upgrade }, options)

  return {
    async admit(request, response) {
      const decision = ask(request, false)
      for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
      if (decision.kind === 'pass') return decision.learnerId
      if (decision.kind === 'refuse') answer(response, decision.status, 'text/plain', `${decision.message}\n`)
      else if (decision.kind === 'locked') answer(response, 401, 'text/html', lockedPage(false))
      else if (decision.token === '' || (await redeemToken(stateDir, decision.token, clock))) {
        // An empty token is somebody who is in already and uses an old link.
        if (decision.token !== '') response.setHeader('set-cookie', cookies.issue(learnerId))
        response.setHeader('location', decision.path)
        answer(response, 303, 'text/plain', '')
      } else answer(response, 401, 'text/html', lockedPage(true))
      return undefined
    },
    admitUpgrade(request, socket) {
      const decision = ask(request, true)
      if (decision.kind === 'pass') return decision.learnerId
      const [status, message] =
        decision.kind === 'refuse' ? [decision.status, decision.message] : [401, 'open the classroom by its link first']
      socket.end(
        `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n${message}\n`,
      )
      return undefined
    },
  }
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
