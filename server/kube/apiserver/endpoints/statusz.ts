// `/statusz`: since when the server runs, as which version, and where else there is something to see of it. For people,
// as text; for programs that ask for the object by its kind. Upstream: apiserver/pkg/server/statusz.

import type { Clock } from '../../../base/clock.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import type { Answer } from '../request-path/answer.ts'
import { clausesOf } from '../request-path/negotiate.ts'
import type { RequestContext } from '../request-path/request-context.ts'
import { textAnswer } from './health.ts'
import { VERSION } from './server-state.ts'

export const STATUSZ = '/statusz'

const COMPONENT = 'apiserver'
const FORMATS = { 'application/json': 'json', 'application/yaml': 'yaml' } as const
const VERSIONS = new Set(['v1beta1', 'v1alpha1'])
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
    for (const { type, told } of clausesOf(accept || '*/*')) {
      if (told.as === undefined && /^(\*|text)\/(\*|plain)$/.test(type)) return textAnswer(200, this.#text(paths))
      const format = FORMATS[type as keyof typeof FORMATS]
      if (!format || told.as !== 'Statusz' || told.g !== 'config.k8s.io' || !VERSIONS.has(told.v ?? '')) continue
      if (told.v === 'v1alpha1') {
        context.warn('This version of the statusz endpoint is deprecated. Please use a newer version.')
      }
      context.representation = { as: 'object', format, pretty: context.representation.pretty }
      return { type: 'object', code: 200, object: this.#object(told.v!, paths) }
    }
    const types = [...Object.keys(FORMATS), 'text/plain'].join(', ')
    throw new StatusError('NotAcceptable', `only the following media types are accepted: ${types}`)
  }

  get #upSeconds(): number {
    return Math.max(0, Math.floor((this.#clock.now() - this.#startedMs) / 1000))
  }

  #object(version: string, paths: readonly string[]): object {
    return {
      kind: 'Statusz',
      apiVersion: `config.k8s.io/${version}`,
      metadata: { name: COMPONENT },
      startTime: `${new Date(this.#startedMs).toISOString().slice(0, 19)}Z`,
      uptimeSeconds: this.#upSeconds,
      goVersion: VERSION.goVersion,
      binaryVersion: VERSION.gitVersion.slice(1),
      emulationVersion: `${VERSION.emulationMajor}.${VERSION.emulationMinor}`,
      paths: rootsOf(paths),
    }
  }

  #text(paths: readonly string[]): string {
    const up = this.#upSeconds
    const two = (count: number) => String(count).padStart(2, '0')
    return `
${COMPONENT} statusz
Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.

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
