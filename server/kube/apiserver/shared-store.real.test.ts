import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '../../base/clock.ts'
import { connectToEtcd } from '../store/etcd-client/etcd-store.ts'
import { etcdTmpdir, startEtcd } from '../store/testing/real-etcd.ts'
import { describeSharedStore } from './testing/describe-shared-store.ts'

describeSharedStore('Debian’s etcd', async () => {
  const directory = await mkdtemp(join(etcdTmpdir(), 'podium-shared-'))
  const etcd = await startEtcd({ directory: join(directory, 'etcd') })
  return {
    connect: () => connectToEtcd({ endpoints: [etcd.url], clock: systemClock }),
    async stop() {
      await etcd.kill()
      await rm(directory, { recursive: true, force: true })
    },
  }
})
