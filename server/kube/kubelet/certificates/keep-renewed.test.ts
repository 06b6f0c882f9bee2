import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FakeClock, settlePromises } from '../../../base/clock.ts'
import { noLogger } from '../../../base/logger.ts'
import { Metrics } from '../../../base/metrics.ts'
import { openCertificates } from '../../cluster/pki.ts'
import type { CertificatePair } from '../bootstrap/request-certificate.ts'
import { CertificateCounts } from './certificate-counts.ts'
import { keepRenewed } from './keep-renewed.ts'

const DAY_MS = 24 * 3600_000
const YEAR_MS = 365 * DAY_MS

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'renewed-'))
})
afterAll(() => rm(directory, { recursive: true }))

/** A certificate of a year, and the hours at which the next were asked for. */
async function keeping(random: () => number, answer: (times: number, signal: AbortSignal) => Promise<unknown>) {
  const clock = new FakeClock()
  const pki = await openCertificates({ directory, clock })
  const issue = () => pki.issue({ commonName: 'system:node:node-3', usages: ['client'] })
  const asked: number[] = []
  const taken: CertificatePair[] = []
  const begun = clock.now()
  const metrics = new Metrics()
  const keeper = keepRenewed(
    {
      name: 'own',
      certPem: (await issue()).certPem,
      async ask(signal) {
        asked.push(clock.now() - begun)
        await answer(asked.length, signal)
        return issue()
      },
      take: async (pair) => void taken.push(pair),
      counts: new CertificateCounts('server', { clock, metrics }),
    },
    { clock, random, logger: noLogger },
  )
  /** Keys take their time, whatever the clock says. */
  const took = async (times: number) => {
    while (taken.length < times) await new Promise(setImmediate)
    await settlePromises()
  }
  return { clock, keeper, asked, took, told: () => metrics.text().split('\n') }
}

it.each([
  [0, 0.7],
  [0.5, 0.8],
  [1, 0.9],
])('asks when so much of the life is over as the lot %s says, each time', async (lot, share) => {
  const { clock, keeper, asked, took } = await keeping(
    () => lot,
    async () => undefined,
  )
  await clock.advance(share * YEAR_MS - DAY_MS)
  expect(asked).toEqual([])
  await clock.advance(2 * DAY_MS)
  expect(asked).toHaveLength(1)
  expect(asked[0]).toBeGreaterThan(share * YEAR_MS - DAY_MS)
  await took(1)
  await clock.advance(share * YEAR_MS - 2 * DAY_MS)
  expect(asked).toHaveLength(1)
  await clock.advance(3 * DAY_MS)
  expect(asked).toHaveLength(2)
  await took(2)
  await keeper[Symbol.asyncDispose]()
  expect(clock.pending).toBe(0)
})

it('asks again, after longer and longer pauses, when it is refused, and when nobody says yes for a quarter of an hour', async () => {
  const silent = (signal: AbortSignal) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  const { clock, keeper, asked, took, told } = await keeping(
    () => 0,
    async (times, signal) => {
      if (times <= 6) throw new Error('the server is away')
      if (times === 7) await silent(signal)
    },
  )
  await clock.advance(0.7 * YEAR_MS + DAY_MS)
  const pauses = asked.slice(1).map((at, index) => Math.round((at - (asked[index] ?? 0)) / 1000))
  expect(pauses).toEqual([2, 4, 8, 16, 32, 32, 15 * 60 + 32])
  expect(told()).toContain('kubelet_server_expiration_renew_errors 7')
  await took(1)
  expect(told()).toContain('kubelet_certificate_manager_server_rotation_seconds_count 1')
  await keeper[Symbol.asyncDispose]()
})
