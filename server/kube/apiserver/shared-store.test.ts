// Over Debian's etcd in shared-store.real.test.ts.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../base/clock.ts'
import { connectToEtcd } from '../store/etcd-client/etcd-store.ts'
import { openEtcdDoor } from '../store/etcd-door/door.ts'
import { openStore } from '../store/store.ts'
import { describeSharedStore } from './testing/describe-shared-store.ts'

describeSharedStore('our store behind its etcd door', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'podium-shared-'))
  const store = await openStore({ directory, clock: systemClock })
  const door = await openEtcdDoor({ store, clock: systemClock })
  return {
    connect: () => connectToEtcd({ endpoints: [door.url], clock: systemClock }),
    async stop() {
      await door.close()
      await store.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
})
