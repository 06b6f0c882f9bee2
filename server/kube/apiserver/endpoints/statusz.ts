// `/statusz`: since when the server runs, as which version, and where else there is something to see of it.
// Upstream: apiserver/pkg/server/statusz.

import type { Clock } from '../../../base/clock.ts'
import type { Answer } from '../request-path/answer.ts'
import type { RequestContext } from '../request-path/request-context.ts'
import { VERSION } from './server-state.ts'
import { zpage } from './zpage.ts'

export const STATUSZ = '/statusz'

/** Where there are objects, and what is told of them: not of the server. */
const NOT_OF_THE_SERVER = new Set(['/api', '/apis', '/openapi', '/openid', '/.well-known'])

export class Statusz {
  readonly #clock: Clock
  readonly #startedMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#startedMs = clock.now()
  }

  answer(context: RequestContext, accept: string, paths: readonly string[]): Answer {
    return zpage(context, accept, {
      kind: 'Statusz',
      text: () => this.#text(paths),
      object: () => ({
        startTime: `${new Date(this.#startedMs).toISOString().slice(0, 19)}Z`,
        uptimeSeconds: this.#upSeconds,
        goVersion: VERSION.goVersion,
        binaryVersion: VERSION.gitVersion.slice(1),
        emulationVersion: `${VERSION.emulationMajor}.${VERSION.emulationMinor}`,
        paths: rootsOf(paths),
      }),
    })
  }

  get #upSeconds(): number {
    return Math.max(0, Math.floor((this.#clock.now() - this.#startedMs) / 1000))
  }

  #text(paths: readonly string[]): string {
    const up = this.#upSeconds
    const two = (count: number) => String(count).padStart(2, '0')
    return `
Started: ${unixDate(this.#startedMs)}
Up: ${Math.floor(up / 3600)} hr ${two(Math.floor(up / 60) % 60)} min ${two(up % 60)} sec
Go version: ${VERSION.goVersion}
Binary version: ${VERSION.gitVersion.slice(1)}
Emulation version: ${VERSION.emulationMajor}.${VERSION.emulationMinor}
Paths: ${rootsOf(paths).join(' ')}
`
  }
}

const rootsOf = (paths: readonly string[]) =>
  [...new Set(paths.map((path) => `/${path.split('/')[1]}`))].filter((root) => !NOT_OF_THE_SERVER.has(root)).sort()

/** `Sun Nov  1 00:06:29 UTC 2026` */
function unixDate(ms: number): string {
  const [weekday = '', day = '', month, year, time] = new Date(ms).toUTCString().split(' ')
  return `${weekday.replace(',', '')} ${month} ${String(Number(day)).padStart(2)} ${time} UTC ${year}`
}
