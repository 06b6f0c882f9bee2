// Debian's etcd through our client, one member and three with Raft and TLS between them: that they pass the same cases as our
// own store says as much about the cases.

import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { until } from '../../../../e2e/support/until.ts'
import { systemClock } from '../../../base/clock.ts'
import { openCertificates } from '../../cluster/pki.ts'
import { etcdTmpdir, type RealEtcd, startEtcdMembers } from '../testing/real-etcd.ts'
import { describeStore } from '../testing/store-conformance.ts'
import type { EtcdConnectionOptions } from './connection.ts'
import { connectToEtcd } from './etcd-store.ts'

describe.each([{ count: 1 }, { count: 3 }])('etcd of $count', ({ count }) => {
  let directory: string
  let members: RealEtcd[]
  let options: EtcdConnectionOptions

  beforeAll(async () => {
    directory = await mkdtemp(join(etcdTmpdir(), 'podium-real-etcd-'))
    const tls = count > 1 ? await certificatesIn(join(directory, 'pki')) : undefined
    members = await startEtcdMembers({ directory: join(directory, 'etcd'), count, ...(tls && { tls: tls.files }) })
    options = { endpoints: members.map(({ url }) => url), ...(tls && { tls: tls.client }) }
  })

  afterAll(async () => {
    for (const member of members) await member.kill()
    await rm(directory, { recursive: true, force: true })
  })

  describeStore('through our client', async () => {
    const store = await until('there is a leader', () => connectToEtcd({ ...options, clock: systemClock }))
    for (const id of await store.leases()) await store.revokeLease(id)
    await store.txn({ compare: [], success: [{ type: 'delete', key: '\0', rangeEnd: '\0' }], failure: [] })
    return { store, stop: () => store.close() }
  })
})

async function certificatesIn(directory: string) {
  const certificates = await openCertificates({ directory, clock: systemClock })
  const usages: ('server' | 'client')[] = ['server', 'client']
  const pair = await certificates.keep('etcd', { commonName: 'etcd', usages, ipAddresses: ['127.0.0.1'] })
  return {
    files: {
      caFile: join(directory, 'ca.crt'),
      certFile: join(directory, 'etcd.crt'),
      keyFile: join(directory, 'etcd.key'),
    },
    client: { ca: certificates.caPem, cert: pair.certPem, key: pair.keyPem },
  }
}
