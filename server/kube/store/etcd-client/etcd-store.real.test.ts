// Debian's etcd through our client: that it passes the same cases as our own store says as much about the cases.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../base/clock.ts'
import { startEtcd } from '../testing/real-etcd.ts'
import { describeStore } from '../testing/store-conformance.ts'
import { connectToEtcd } from './etcd-store.ts'

describeStore('a real etcd', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'podium-real-etcd-'))
  const etcd = await startEtcd({ directory: join(directory, 'etcd') })
  const store = await connectToEtcd({ endpoints: [etcd.url], clock: systemClock })
  return {
    store,
    async stop() {
      await store.close()
      await etcd.kill()
      await rm(directory, { recursive: true, force: true })
    },
  }
})
