// How fast the API server answers, in the process and over HTTPS with one request in flight per connection.
//
// What other kube-apiservers do on other machines is no yardstick; the rows are to be read against each other: HTTPS
// against the same call in the process (what TLS, HTTP and JSON cost), and lists against single reads.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { startTestServer } from '../server/kube/apiserver/testing/test-server.ts'
import { createClient } from '../server/kube/client/client.ts'
import { httpsTransport } from '../server/kube/client/https-transport.ts'
import type { Transport } from '../server/kube/client/transport.ts'
import { ConfigMap } from '../server/kube/kinds/index.ts'
import { percentile, table } from './table.ts'

const SECONDS = 2
const PODS = 500
const filler = 'x'.repeat(1000)
const MAPS = '/api/v1/namespaces/default/configmaps'

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases'
const microTime = (turn: number) => `2026-01-01T00:00:00.${String(turn % 1_000_000).padStart(6, '0')}Z`

type Operation = (transport: Transport, worker: number, turn: number) => Promise<unknown>

const OPERATIONS: Record<string, Operation> = {
  get: (transport) => transport.request({ method: 'GET', path: `${MAPS}/fixed` }),
  create: (transport, worker, turn) =>
    transport.request({
      method: 'POST',
      path: MAPS,
      body: {
        metadata: { name: `c-${process.pid}-${worker}-${turn}-${Math.random().toString(36).slice(2, 8)}` },
        data: { filler },
      },
    }),
  update: (transport, worker, turn) =>
    transport.request({
      method: 'PUT',
      path: `${MAPS}/own-${worker}`,
      body: { metadata: { name: `own-${worker}` }, data: { filler, turn: String(turn) } },
    }),
  patch: (transport, worker, turn) =>
    transport.request({
      method: 'PATCH',
      path: `${MAPS}/own-${worker}`,
      contentType: 'application/strategic-merge-patch+json',
      body: { data: { turn: `p${turn}` } },
    }),
  /** What every kubelet does every ten seconds. */
  lease: (transport, worker, turn) =>
    transport.request({
      method: 'PUT',
      path: `${LEASES}/own-${worker}`,
      body: {
        metadata: { name: `own-${worker}` },
        spec: { holderIdentity: 'node', leaseDurationSeconds: 40, renewTime: microTime(turn) },
      },
    }),
  'pod-status': (transport, worker, turn) =>
    transport.request({
      method: 'PATCH',
      path: `/api/v1/namespaces/default/pods/pod-${worker}/status`,
      contentType: 'application/strategic-merge-patch+json',
      body: {
        status: {
          phase: 'Running',
          conditions: ['Initialized', 'ContainersReady', 'Ready'].map((type) => ({
            type,
            status: turn % 2 === 0 ? 'True' : 'False',
          })),
        },
      },
    }),
  'list-pods': (transport) => transport.request({ method: 'GET', path: '/api/v1/namespaces/default/pods' }),
}

interface Row {
  operation: string
  connections: number
  perSecond: number
  p50: number
  p99: number
}

async function measure(operation: string, connections: number, transport: Transport): Promise<Row> {
  const run = OPERATIONS[operation]
  if (!run) throw new Error(`no such operation: ${operation}`)
  const times: number[] = []
  const start = performance.now()
  const until = start + SECONDS * 1000
  await Promise.all(
    Array.from({ length: connections }, async (_, worker) => {
      for (let turn = 0; performance.now() < until; turn++) {
        const from = performance.now()
        await run(transport, worker, turn)
        times.push(performance.now() - from)
      }
    }),
  )
  const seconds = (performance.now() - start) / 1000
  return {
    operation,
    connections,
    perSecond: times.length / seconds,
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
  }
}

/** The client has a core of its own. */
async function clientProcess(): Promise<void> {
  process.on(
    'message',
    async (told: { server: string; caPem: string; certPem: string; keyPem: string; jobs: [string, number][] }) => {
      const transport = httpsTransport({ ...told, userAgent: 'bench' })
      for (const [operation, connections] of told.jobs) {
        process.send?.(await measure(operation, connections, transport))
      }
      transport[Symbol.dispose]()
      process.disconnect()
    },
  )
}

async function main(): Promise<void> {
  await using test = await startTestServer()
  const maps = createClient(test.transport).of(ConfigMap)
  await maps.create({ metadata: { name: 'fixed', namespace: 'default' }, data: { filler } })
  for (let worker = 0; worker < 64; worker++)
    await maps.create({ metadata: { name: `own-${worker}`, namespace: 'default' } })
  for (let worker = 0; worker < 64; worker++)
    await test.transport.request({ method: 'POST', path: LEASES, body: { metadata: { name: `own-${worker}` } } })
  await test.transport.request({
    method: 'POST',
    path: '/api/v1/namespaces/default/serviceaccounts',
    body: { metadata: { name: 'default' } },
  })
  for (let index = 0; index < PODS; index++) {
    await test.transport.request({
      method: 'POST',
      path: '/api/v1/namespaces/default/pods',
      body: {
        metadata: { name: `pod-${index}`, labels: { app: 'web', filler: 'x'.repeat(60) } },
        spec: { containers: [{ name: 'web', image: 'nginx', env: [{ name: 'FILLER', value: filler }] }] },
      },
    })
  }
  const only = process.argv[2]
  const jobs = (['get', 'list-pods', 'update', 'patch', 'lease', 'pod-status', 'create'] as const)
    .filter((operation) => !only || operation === only)
    .flatMap((operation) => [1, 16, 64].map((connections): [string, number] => [operation, connections]))
  const rows: (Row & { way: string; serverMicros: number })[] = []
  for (const [operation, connections] of jobs) {
    const before = process.cpuUsage()
    const row = await measure(operation, connections, test.transport)
    rows.push({ ...row, way: 'in process', serverMicros: cpuMicros(before) / (row.perSecond * SECONDS) })
  }
  const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
  const child = fork(import.meta.filename, ['--client'])
  const admin = await test.pki.issue('bench', ['system:masters'])
  let before = process.cpuUsage()
  child.on('message', (row: Row) => {
    rows.push({ ...row, way: 'HTTPS', serverMicros: cpuMicros(before) / (row.perSecond * SECONDS) })
    before = process.cpuUsage()
  })
  child.send({ server: `https://127.0.0.1:${port}`, caPem: test.pki.caPem, ...admin, jobs })
  await once(child, 'exit')
  const cells = rows.map((row) => [
    row.operation,
    row.way,
    row.connections,
    row.perSecond,
    row.p50,
    row.p99,
    row.serverMicros,
  ])
  const header = ['operation', 'way', 'in flight', 'per second', 'p50 ms', 'p99 ms', 'server µs each']
  process.stdout.write(`${table(header, cells)}\n`)
}

function cpuMicros(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return user + system
}

await (process.argv.includes('--client') ? clientProcess() : main())
