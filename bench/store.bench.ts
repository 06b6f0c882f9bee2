// Our store behind its etcd door against Debian's etcd, on this machine, in this run, with the same client.
// Then what the store does without any door, which is how the API server uses it. One part of it alone:
//
//     node --expose-gc bench/store.bench.ts door | sizes | in-process | million | compaction

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { systemClock } from '../server/base/clock.ts'
import { openStore } from '../server/kube/store/store.ts'
import { percentile, table } from './table.ts'

const MILLISECONDS = 2000
const CLIENTS = [1, 16, 64, 256]
const OPERATIONS = ['put', 'get', 'txn-update']

const directory = mkdtempSync(join(tmpdir(), 'podium-bench-store-'))
const started: ChildProcess[] = []

interface Server {
  name: string
  pid: number
  port: number
}

interface Load {
  perSecond: number
  p50: number
  p99: number
  clientCores: number
  serverMicroseconds: number
}

async function door(): Promise<void> {
  const nothing = await startNode('nothing', 'nothing')
  const etcd = hasEtcd() ? await startEtcd() : undefined
  const ours = await startNode('podium', join(directory, 'podium'))
  const rows: (string | number)[][] = []
  for (const clients of CLIENTS) {
    for (const operation of OPERATIONS) {
      const limit = await load(nothing, operation, clients)
      const theirs = etcd && (await load(etcd, operation, clients))
      const own = await load(ours, operation, clients)
      for (const [name, result] of [
        ['podium', own],
        ['etcd', theirs],
        ['nothing', limit],
      ] as const) {
        if (!result) continue
        const ratio = theirs && name === 'podium' ? `${(own.perSecond / theirs.perSecond).toFixed(2)} ×` : ''
        rows.push([
          operation,
          String(clients),
          name,
          result.perSecond,
          ratio,
          result.p50,
          result.p99,
          result.serverMicroseconds,
          result.clientCores,
        ])
      }
    }
  }
  const header = [
    'operation',
    'clients',
    'server',
    'ops/s',
    'podium / etcd',
    'p50 ms',
    'p99 ms',
    'server CPU µs/op',
    'client cores',
  ]
  print('Durable, 1 KiB values, over gRPC without TLS', table(header, rows))
  for (const child of started) child.kill('SIGKILL')
}

function hasEtcd(): boolean {
  try {
    process.stdout.write(`${execFileSync('etcd', ['--version']).toString().split('\n')[0]}\n`)
    return true
  } catch {
    process.stdout.write('etcd is not installed (Debian: etcd-server): no comparison\n')
    return false
  }
}

async function startEtcd(): Promise<Server> {
  const [port, peer] = [await freePort(), await freePort()]
  const urls = (name: string, at: number) => [`--${name}`, `http://127.0.0.1:${at}`]
  const child = spawn(
    'etcd',
    [
      '--data-dir',
      join(directory, 'etcd'),
      ...urls('listen-client-urls', port),
      ...urls('advertise-client-urls', port),
      ...urls('listen-peer-urls', peer),
      ...urls('initial-advertise-peer-urls', peer),
      '--initial-cluster',
      `default=http://127.0.0.1:${peer}`,
    ],
    { stdio: 'ignore' },
  )
  started.push(child)
  for (;;) {
    const healthy = await fetch(`http://127.0.0.1:${port}/health`).then(
      (answer) => answer.ok,
      () => false,
    )
    if (healthy) return { name: 'etcd', pid: child.pid as number, port }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function startNode(name: string, argument: string): Promise<Server> {
  const child = spawnTs('door-server.ts', argument)
  const [port] = await nextLine(createInterface(child.stdout!))
  return { name, pid: child.pid as number, port: Number(port) }
}

function spawnTs(file: string, ...words: string[]): ChildProcess {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'store', file), ...words],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  started.push(child)
  return child
}

async function load(server: Server, operation: string, clients: number): Promise<Load> {
  const child = spawnTs('load-client.ts', String(server.port), operation, String(clients), String(MILLISECONDS))
  const lines = createInterface(child.stdout!)
  await nextLine(lines)
  const before = cpuMicroseconds(server.pid)
  child.stdin!.write('go\n')
  const [line] = await nextLine(lines)
  const spent = cpuMicroseconds(server.pid) - before
  const result = JSON.parse(line) as Load & { count: number }
  return { ...result, serverMicroseconds: spent / result.count }
}

function nextLine(lines: Interface): Promise<[string]> {
  return new Promise((resolve, reject) => {
    lines.once('line', (line) => resolve([line]))
    lines.once('close', () => reject(new Error('the process ended early')))
  })
}

/** All threads; the kernel counts in hundredths of a second. */
function cpuMicroseconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

async function inProcess(): Promise<void> {
  const place = join(directory, 'in-process')
  const store = await openStore({ directory: place, clock: systemClock })
  const rows: (string | number)[][] = []
  const value = Buffer.alloc(1024, 'v')
  const put = (worker: number, round: number) =>
    store.txn({ compare: [], success: [{ type: 'put', key: `/bench/${worker}-${round % 100}`, value }], failure: [] })
  for (const clients of CLIENTS) rows.push(['put', String(clients), ...(await workers(clients, put))])
  for (const clients of [1, 64]) {
    rows.push([
      'get',
      String(clients),
      ...(await workers(clients, (worker) => store.range({ key: `/bench/${worker % 16}-0` }))),
    ])
  }
  print('Without a door, as the API server uses it', table(['operation', 'callers', 'ops/s', 'p50 ms', 'p99 ms'], rows))
  await store.close()
}

async function workers(count: number, once: (worker: number, round: number) => Promise<unknown>): Promise<number[]> {
  const latencies: number[] = []
  const start = performance.now()
  const end = start + MILLISECONDS
  const work = async (worker: number) => {
    for (let round = 0; performance.now() < end; round++) {
      const begun = performance.now()
      await once(worker, round)
      latencies.push(performance.now() - begun)
      // What is never asynchronous would otherwise never let the clock's end come for the others.
      if (round % 64 === 63) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await Promise.all(Array.from({ length: count }, (_, worker) => work(worker)))
  const seconds = (performance.now() - start) / 1000
  return [latencies.length / seconds, percentile(latencies, 0.5), percentile(latencies, 0.99)]
}

async function sizes(): Promise<void> {
  const place = join(directory, 'sizes')
  const open = () => openStore({ directory: place, clock: systemClock })
  const value = Buffer.alloc(1500, 'v')
  const rows: (string | number)[][] = []
  let store = await open()
  const empty = await settledMemory()
  for (let batch = 0; batch < 100; batch++) {
    const puts = Array.from({ length: 100 }, (_, i) => {
      const key = `/registry/pods/default/pod-${batch}-${i}`
      return store.txn({ compare: [], success: [{ type: 'put', key, value }], failure: [] })
    })
    await Promise.all(puts)
  }
  rows.push(['memory of 10,000 objects of 1.5 kB (14.3 MiB), MiB', (await settledMemory()) - empty])
  await store.close()
  const opening = performance.now()
  store = await open()
  rows.push(['opening them again, ms', performance.now() - opening])
  const everything = { key: '/registry/', rangeEnd: '/registry0' }
  for (const limit of [0, 500]) {
    const listing = performance.now()
    const { kvs } = await store.range({ ...everything, limit })
    rows.push([`listing ${kvs.length}, ms`, performance.now() - listing])
  }
  print('Sizes', table(['what', 'figure'], rows))
  await store.close()
}

/** Keys as Kubernetes has them, values small: what costs here is their number. */
async function million(): Promise<void> {
  const open = () =>
    openStore({ directory: join(directory, 'million'), clock: systemClock, maxRequestBytes: Number.POSITIVE_INFINITY })
  const value = Buffer.alloc(100, 'v')
  const rows: (string | number)[][] = []
  const empty = await settledMemory()
  let store = await open()
  for (let first = 0; first < 1_000_000; first += 5000) {
    const success = Array.from({ length: 5000 }, (_, i) => {
      return { type: 'put', key: `/registry/configmaps/default/map-${first + i}`, value } as const
    })
    await store.txn({ compare: [], success, failure: [] })
  }
  rows.push(['memory of 1,000,000 keys with 100 B each, MiB', (await settledMemory()) - empty])
  await store.close()
  const opening = performance.now()
  store = await open()
  rows.push(['opening them again, ms', performance.now() - opening])
  const everything = { key: '/registry/', rangeEnd: '/registry0' }
  const listing = performance.now()
  const { kvs } = await store.range({ ...everything, limit: 10_000 })
  rows.push([`first ${kvs.length} of them with the count of all, ms`, performance.now() - listing])
  const middle = performance.now()
  const some = await store.range({
    key: '/registry/configmaps/default/map-50',
    rangeEnd: '/registry/configmaps/default/map-51',
    limit: 10_000,
  })
  rows.push([`${some.kvs.length} of a prefix that has ${some.count}, ms`, performance.now() - middle])
  print('A million keys', table(['what', 'figure'], rows))
  await store.close()
}

/** How long the slowest write took while 100,000 revisions were compacted and their space given back. */
async function compaction(): Promise<void> {
  const store = await openStore({ directory: join(directory, 'compaction'), clock: systemClock })
  const put = (i: number) =>
    store.txn({
      compare: [],
      success: [{ type: 'put', key: `/k/${i % 5000}`, value: Buffer.alloc(500, 'v') }],
      failure: [],
    })
  for (let i = 0; i < 100_000; i += 500) await Promise.all(Array.from({ length: 500 }, (_, j) => put(i + j)))
  const quiet = await slowestWhile(
    put,
    (async () => {
      for (let i = 0; i < 200; i++) await put(i)
    })(),
  )
  const started = performance.now()
  const busy = await slowestWhile(
    put,
    store.compact(store.revision).then(() => store.defragment()),
  )
  print(
    'Compaction of 100,000 revisions, with one writer',
    table(
      ['what', 'figure'],
      [
        ['compacting and giving the space back, ms', performance.now() - started],
        ['slowest write meanwhile, ms', busy],
        ['slowest write before, ms', quiet],
      ],
    ),
  )
  await store.close()
}

async function slowestWhile(put: (i: number) => Promise<unknown>, work: Promise<unknown>): Promise<number> {
  let isOver = false
  const over = work.then(() => {
    isOver = true
  })
  let slowest = 0
  for (let i = 0; !isOver; i++) {
    const asked = performance.now()
    await put(i)
    slowest = Math.max(slowest, performance.now() - asked)
  }
  await over
  return slowest
}

async function settledMemory(): Promise<number> {
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return (heapUsed + arrayBuffers) / 2 ** 20
}

function print(title: string, text: string): void {
  process.stdout.write(`\n### ${title}\n\n${text}\n`)
}

const PARTS = { door, sizes, 'in-process': inProcess, million, compaction }

try {
  const [only] = process.argv.slice(2)
  for (const [name, part] of Object.entries(PARTS)) if (!only || name === only) await part()
} finally {
  for (const child of started) child.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
}
