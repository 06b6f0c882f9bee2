import { expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { Metrics } from '../../base/metrics.ts'
import { StatusError } from '../apimachinery/status-error.ts'
import { counted } from './counted-transport.ts'
import type { Transport } from './transport.ts'

it.each([
  ['GET', undefined, '200'],
  ['POST', undefined, '201'],
  ['PATCH', new StatusError('Conflict', 'changed'), '409'],
  ['GET', new Error('read ECONNRESET'), '<error>'],
] as const)('counts %s answered with %s under its code', async (method, refusal, code) => {
  const clock = new FakeClock()
  const metrics = new Metrics()
  const request = async () => {
    await clock.advance(300)
    if (refusal) throw refusal
    return 'answered'
  }
  const transport = counted({ request } as unknown as Transport, { host: 'h:6443', clock, metrics })
  const answer = transport.request({ method, path: '/api/v1/pods' })
  if (refusal) await expect(answer).rejects.toBe(refusal)
  else expect(await answer).toBe('answered')
  const lines = metrics.text().split('\n')
  expect(lines).toContain(`rest_client_requests_total{code="${code}",method="${method}",host="h:6443"} 1`)
  expect(lines).toContain(`rest_client_request_duration_seconds_sum{verb="${method}",host="h:6443"} 0.3`)
})
