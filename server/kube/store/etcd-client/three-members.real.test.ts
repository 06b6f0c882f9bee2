// Three members of Debian's etcd with Raft and TLS between them, and what our client makes of it when they die.

import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { until } from '../../../../e2e/support/until.ts'
import { systemClock } from '../../../base/clock.ts'
import { openCertificates } from '../../cluster/pki.ts'
import { type Store, StoreUnavailableError } from '../store.ts'
import { etcdTmpdir, type RealEtcd, startEtcdMembers } from '../testing/real-etcd.ts'
import { EtcdConnection, type EtcdConnectionOptions } from './connection.ts'
import { connectToEtcd } from './etcd-store.ts'
import { STATUS } from './methods.ts'

let directory: string
let members: RealEtcd[]
let options: EtcdConnectionOptions
let store: Store

beforeEach(async () => {
  directory = await mkdtemp(join(etcdTmpdir(), 'podium-three-'))
  const pki = join(directory, 'pki')
  const certificates = await openCertificates({ directory: pki, clock: systemClock })
  const usages = ['server', 'client'] as const
  const pair = await certificates.keep('etcd', { commonName: 'etcd', usages: [...usages], ipAddresses: ['127.0.0.1'] })
  const tls = { caFile: join(pki, 'ca.crt'), certFile: join(pki, 'etcd.crt'), keyFile: join(pki, 'etcd.key') }
  members = await startEtcdMembers({ directory: join(directory, 'etcd'), count: 3, tls })
  const endpoints = members.map(({ url }) => url)
  options = { endpoints, tls: { ca: certificates.caPem, cert: pair.certPem, key: pair.keyPem } }
  store = await until('there is a leader', () => connectToEtcd({ ...options, clock: systemClock }))
})

afterEach(async () => {
  await store.close()
  for (const member of members) await member.kill()
  await rm(directory, { recursive: true, force: true })
})

const put = (value: number) =>
  store.txn({
    compare: [],
    success: [{ type: 'put', key: 'a', value: Buffer.from(String(value)) }],
    failure: [],
  })

async function leader(): Promise<RealEtcd> {
  for (const member of members) {
    using connection = new EtcdConnection({ ...options, endpoints: [member.url] })
    const { header, leader } = await connection.ask(STATUS, {}, { isRead: true })
    if (leader !== 0 && header?.member_id === leader) return member
  }
  throw new Error('no member is the leader')
}

describe('an etcd of three members', () => {
  it('is written to and watched on when its leader dies, misses nothing when its quorum is lost and found', async () => {
    const seen: { revision: number; value: number }[] = []
    store.watch(
      { key: 'a', startRevision: 2 },
      {
        events: (revision, events) => {
          for (const { kv } of events) seen.push({ revision, value: Number(kv.value) })
        },
        ended: (error) => seen.push({ revision: -1, value: Number(error) }),
      },
    )
    let value = 0
    /** Until one is answered; those before it may have been done as well, and count. */
    const write = () =>
      until('a write is answered', async () => {
        value++
        return put(value)
      })
    for (let i = 0; i < 20; i++) await write()

    const first = await until('a leader', leader)
    await first.kill()
    for (let i = 0; i < 20; i++) await write()

    const [second] = members.filter((member) => member !== first)
    await second!.kill()
    await expect(put(-1)).rejects.toThrow(StoreUnavailableError)
    await expect(store.range({ key: 'a' })).rejects.toThrow(StoreUnavailableError)
    expect(store.status().failure).toBeInstanceOf(StoreUnavailableError)

    await Promise.all([first.start(), second!.start()])
    for (let i = 0; i < 20; i++) await write()

    const { revision } = await store.range({ key: 'a' })
    await until('the watch has heard of everything', async () => seen.at(-1)?.revision === revision)
    expect(seen.map((each) => each.revision)).toEqual(Array.from({ length: seen.length }, (_, i) => i + 2))
    const values = seen.map((each) => each.value).filter((each) => each > 0)
    expect(values).toEqual([...values].sort((a, b) => a - b))
    expect(new Set(values).size).toBe(values.length)
    expect(values.at(-1)).toBe(value)
    expect(store.status().failure).toBeUndefined()
  })

  it('lets nobody in without a certificate', async () => {
    const { ca } = options.tls!
    const stranger = connectToEtcd({ endpoints: options.endpoints, tls: { ca }, clock: systemClock })
    await expect(stranger).rejects.toThrow(StoreUnavailableError)
  })
})
