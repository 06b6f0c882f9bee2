import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../base/clock.ts'
import { connectToEtcd } from '../store/etcd-client/etcd-store.ts'
import { startEtcd } from '../store/testing/real-etcd.ts'
import { describeSharedStore } from './testing/describe-shared-store.ts'

describeSharedStore('Debian’s etcd', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'podium-shared-'))
  const etcd = await startEtcd({ directory: join(directory, 'etcd') })
  return {
    connect: () => connectToEtcd({ endpoints: [etcd.url], clock: systemClock }),
    async stop() {
      await etcd.kill()
      await rm(directory, { recursive: true, force: true })
    },
  }
})
