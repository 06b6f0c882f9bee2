// How fast the API server answers, in the process and over HTTPS with one request in flight per connection.
// `npm run bench -- api` does all; `node bench/api.bench.ts get create` some.
//
// What other kube-apiservers do on other machines is no yardstick; the rows are to be read against each other: HTTPS
// against the same call in the process (what TLS, HTTP and JSON cost), and lists against single reads. Where server and
// client together need more than a core each, or others are at work, rates say less than the processor per operation.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { startTestServer, type TestServer } from '../server/kube/apiserver/testing/test-server.ts'
import type { Transport } from '../server/kube/client/transport.ts'
import type { Job, Load, Told } from './api/https-load.ts'
import { DELETABLE, FILLER, LEASES, MANY_MAPS, MAPS, NAMESPACE, OPERATIONS } from './api/operations.ts'
import { percentile, table } from './table.ts'

const MILLISECONDS = 2000
const CONNECTIONS = [1, 16, 64]

async function main(): Promise<void> {
  const asked = process.argv.slice(2)
  const unknown = asked.filter((name) => !OPERATIONS[name])
  if (unknown.length > 0) throw new Error(`no such operation: ${unknown}; there are ${Object.keys(OPERATIONS)}`)
  await using test = await startTestServer()
  await fill(test.transport)
  const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
  const { certPem: cert, keyPem: key } = await test.pki.issue('bench', ['system:masters'])
  const told: Told = { port, ca: test.pki.caPem, cert, key }
  const client = fork(join(import.meta.dirname, 'api', 'https-load.ts'))
  const rows: (string | number)[][] = []
  for (const operation of asked.length > 0 ? asked : Object.keys(OPERATIONS)) {
    for (const way of ['in process', 'HTTPS']) {
      for (const connections of CONNECTIONS) {
        if (operation === 'delete') await makeDeletable(test.transport)
        const job: Job = { operation, connections, milliseconds: MILLISECONDS }
        const before = process.cpuUsage()
        const load = way === 'HTTPS' ? await outside(client, told, job) : await inside(test, job)
        const { user, system } = process.cpuUsage(before)
        const each = (micros: number) => micros / load.count
        rows.push([
          operation,
          way,
          String(connections),
          load.count / load.seconds,
          load.p50,
          load.p99,
          each(user + system),
          way === 'HTTPS' ? each(load.clientMicros) : '',
        ])
      }
    }
  }
  client.disconnect()
  const header = ['operation', 'way', 'in flight', 'per second', 'p50 ms', 'p99 ms', 'server µs each', 'client µs']
  process.stdout.write(`${table(header, rows)}\n`)
}

async function fill(transport: Transport): Promise<void> {
  const post = (path: string, body: object) => transport.request({ method: 'POST', path, body })
  await post('/api/v1/namespaces', { metadata: { name: 'many' } })
  await post(`${NAMESPACE}/serviceaccounts`, { metadata: { name: 'default' } })
  await post(MAPS, { metadata: { name: 'fixed' }, data: { filler: FILLER } })
  for (let worker = 0; worker < Math.max(...CONNECTIONS); worker++) {
    await post(MAPS, { metadata: { name: `own-${worker}` } })
    await post(LEASES, { metadata: { name: `own-${worker}` } })
  }
  for (let index = 0; index < 500; index++) {
    await post(`${NAMESPACE}/pods`, {
      metadata: { name: `pod-${index}`, labels: { app: 'web', filler: 'x'.repeat(60) } },
      spec: { containers: [{ name: 'web', image: 'nginx', env: [{ name: 'FILLER', value: FILLER }] }] },
    })
  }
  await together(5000, (index) => post(MANY_MAPS, { metadata: { name: `map-${index}` }, data: { filler: FILLER } }))
}

/** What earlier runs have left of them is still there. */
async function makeDeletable(transport: Transport): Promise<void> {
  await together(DELETABLE, async (index) => {
    const body = { metadata: { name: `deletable-${index}` }, data: { filler: FILLER } }
    await transport.request({ method: 'POST', path: MAPS, body }).catch((err) => {
      if (err.reason !== 'AlreadyExists') throw err
    })
  })
}

async function together(count: number, act: (index: number) => Promise<unknown>): Promise<void> {
  for (let first = 0; first < count; first += 100)
    await Promise.all(Array.from({ length: Math.min(100, count - first) }, (_, at) => act(first + at)))
}

async function outside(client: ChildProcess, told: Told, job: Job): Promise<Load> {
  client.send({ told, job })
  const [load] = (await once(client, 'message')) as [Load]
  return load
}

async function inside({ transport }: TestServer, { operation, connections, milliseconds }: Job): Promise<Load> {
  const times: number[] = []
  const start = performance.now()
  await Promise.all(
    Array.from({ length: connections }, async (_, worker) => {
      for (let turn = 0; performance.now() - start < milliseconds; turn++) {
        const asked = OPERATIONS[operation]?.(worker, turn, connections)
        if (!asked) return
        const from = performance.now()
        await transport.request(asked)
        times.push(performance.now() - from)
      }
    }),
  )
  const seconds = (performance.now() - start) / 1000
  return { count: times.length, seconds, p50: percentile(times, 0.5), p99: percentile(times, 0.99), clientMicros: 0 }
}

await main()
