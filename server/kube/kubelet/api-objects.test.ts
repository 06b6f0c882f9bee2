import { expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import type { Client } from '../client/client.ts'
import { createApiObjects } from './api-objects.ts'
import { timestampOf } from './timestamp.ts'

it('asks for a token anew when a fifth of its life is left', async () => {
  const clock = new FakeClock()
  let made = 0
  const request = async () => {
    const status = { token: `token ${++made}`, expirationTimestamp: timestampOf(clock.now() + 1_000_000) }
    return { status }
  }
  const objects = createApiObjects({ transport: { request } } as unknown as Client, clock)
  const tokenFor = async (audience: string, uid = 'u') =>
    (
      await objects.token({
        namespace: 'shop',
        serviceAccount: 'default',
        audience,
        expirationSeconds: 1000,
        pod: { name: 'web', uid },
      })
    ).token
  expect(await tokenFor('vault')).toBe('token 1')
  expect(await tokenFor('')).toBe('token 2')
  expect(await tokenFor('vault', 'its successor')).toBe('token 3')
  await clock.advance(799_000)
  expect(await tokenFor('vault')).toBe('token 1')
  await clock.advance(2_000)
  expect(await tokenFor('vault')).toBe('token 4')
})
