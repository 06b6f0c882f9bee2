// Debian's etcd through our client: that it passes the same cases as our own store says as much about the cases.

import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../base/clock.ts'
import { describeStore } from '../testing/store-conformance.ts'
import { connectToEtcd } from './etcd-store.ts'

describeStore('a real etcd', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'podium-real-etcd-'))
  const [client, peer] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`]
  const child = spawn(
    'etcd',
    [
      ...['--data-dir', join(directory, 'etcd')],
      ...['--listen-client-urls', client, '--advertise-client-urls', client],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`],
    ],
    { stdio: 'ignore' },
  )
  const gone = new Promise((resolve) => child.once('close', resolve))
  let healthy = false
  while (!healthy) {
    healthy = await fetch(`${client}/health`).then(
      (answer) => answer.ok,
      () => false,
    )
    await new Promise((resolve) => setImmediate(resolve))
  }
  const store = await connectToEtcd({ endpoints: [client], clock: systemClock })
  return {
    store,
    async stop() {
      await store.close()
      child.kill('SIGKILL')
      await gone
      await rm(directory, { recursive: true, force: true })
    },
  }
})

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
