// Is the server alive, and may it be sent requests? Upstream: apiserver/pkg/server/healthz/healthz.go.

import { PageNotFoundError } from '../../apimachinery/status-error.ts'
import type { DocumentAnswer } from '../request-path/answer.ts'
import type { HealthSlis } from './health-slis.ts'

export interface HealthCheck {
  name: string
  /** What is wrong; undefined when nothing is. Only those hear it who ask for this check alone. */
  problem(): string | undefined
  /** Asked by /readyz alone: nothing is wrong with a server that is not ready yet, or not any more. */
  isReadiness?: boolean
}

export interface Health {
  checks: readonly HealthCheck[]
  slis: HealthSlis
}

export function healthAnswer(path: string, query: URLSearchParams, { checks: all, slis }: Health): DocumentAnswer {
  const [root = '', ...rest] = path.split('/').filter((part) => part !== '')
  const checks = all.filter(({ isReadiness }) => root === 'readyz' || !isReadiness)
  if (rest.length > 0) return single(checks, rest.join('/'))
  const excluded = new Set(query.getAll('exclude'))
  let hasFailed = false
  const lines = checks.map(({ name, problem }) => {
    if (excluded.delete(name)) return `[+]${name} excluded: ok`
    const isFine = problem() === undefined
    slis.note(name, root, isFine)
    if (isFine) return `[+]${name} ok`
    hasFailed = true
    return `[-]${name} failed: reason withheld`
  })
  if (excluded.size > 0) {
    const names = [...excluded]
      .sort()
      .map((name) => JSON.stringify(name))
      .join(',')
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`)
  }
  if (hasFailed) return textAnswer(500, `${lines.join('\n')}\n${root} check failed\n`)
  return textAnswer(200, query.has('verbose') ? `${lines.join('\n')}\n${root} check passed\n` : 'ok')
}

function single(checks: readonly HealthCheck[], name: string): DocumentAnswer {
  const check = checks.find((one) => one.name === name)
  if (!check) throw new PageNotFoundError()
  const problem = check.problem()
  return problem === undefined ? textAnswer(200, 'ok') : textAnswer(500, `internal server error: ${problem}\n`)
}

export const textAnswer = (code: number, body: string): DocumentAnswer => ({
  type: 'document',
  code,
  contentType: 'text/plain; charset=utf-8',
  body,
  headers: { 'X-Content-Type-Options': 'nosniff' },
})
