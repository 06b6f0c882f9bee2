import { expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { StatusError } from '../apimachinery/status-error.ts'
import { patient } from './patient-transport.ts'
import type { Transport } from './transport.ts'

const sentAway = (code: 'TooManyRequests' | 'Timeout' | 'AlreadyExists', retryAfterSeconds?: number) =>
  new StatusError(code, 'not now', { details: retryAfterSeconds ? { retryAfterSeconds } : {} })

/** Refuses with each of these in turn, then answers. */
function setUp(refusals: Error[]) {
  const clock = new FakeClock()
  const asked: number[] = []
  const request = async () => {
    asked.push(clock.monotonic())
    const refusal = refusals.shift()
    if (refusal) throw refusal
    return 'answered'
  }
  return { clock, asked, transport: patient({ request } as unknown as Transport, clock) }
}
const PODS = { method: 'GET', path: '/api/v1/pods' } as const

it('comes back when it is told to, and does not tell its sender', async () => {
  const { clock, asked, transport } = setUp([sentAway('TooManyRequests', 1), sentAway('Timeout', 2)])
  const answer = transport.request(PODS)
  await clock.advance(3_000)
  expect(await answer).toBe('answered')
  expect(asked).toEqual([0, 1_000, 3_000])
})

it.each([
  ['who is not told when to come back', sentAway('TooManyRequests')],
  ['what would be refused again', sentAway('AlreadyExists', 1)],
  ['a line that broke', new Error('read ECONNRESET')],
])('does not try again: %s', async (_who, refusal) => {
  const { asked, transport } = setUp([refusal])
  await expect(transport.request(PODS)).rejects.toBe(refusal)
  expect(asked).toHaveLength(1)
})

it('gives up after ten times, and at once when its sender does', async () => {
  const refusals = Array.from({ length: 30 }, () => sentAway('TooManyRequests', 1))
  const { clock, asked, transport } = setUp(refusals)
  const refused = transport.request(PODS).catch((err: Error) => err)
  await clock.advance(20_000)
  expect(await refused).toMatchObject({ code: 429 })
  expect(asked).toHaveLength(11)
  const patience = new AbortController()
  const left = transport.request({ ...PODS, signal: patience.signal }).catch((err: Error) => err.message)
  await clock.advance(500)
  patience.abort(new Error('too late'))
  expect(await left).toBe('too late')
  expect(asked).toHaveLength(12)
})
