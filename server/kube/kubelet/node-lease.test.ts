import { expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { StatusError } from '../apimachinery/status-error.ts'
import type { Client } from '../client/client.ts'
import { keepNodeLease } from './node-lease.ts'

it('tells of a line that is broken, and not of a server that sends it away', async () => {
  const clock = new FakeClock()
  let failure: Error | undefined
  let renewed = 0
  const renew = async (lease: object) => {
    if (failure) throw failure
    renewed++
    return lease
  }
  const client = { of: () => ({ get: async () => ({ spec: {} }), update: renew }) } as unknown as Client
  const stop = new AbortController()
  let broken = 0
  const onBrokenLine = () => void broken++
  const options = { nodeName: 'n1', client, clock, logger: noLogger, random: () => 0, onBrokenLine }
  const kept = keepNodeLease(options, stop.signal)
  await clock.advance(20_000)
  expect([renewed, broken]).toEqual([3, 0])
  failure = new StatusError('TooManyRequests', 'come back later')
  await clock.advance(10_000)
  expect([renewed, broken]).toEqual([3, 0])
  failure = new Error('connect ECONNREFUSED')
  await clock.advance(2_000)
  expect([renewed, broken]).toEqual([3, 1])
  failure = undefined
  await clock.advance(2_000)
  expect([renewed, broken]).toEqual([4, 1])
  stop.abort()
  await kept
})
