// The client of the store bench, a process of its own: one request in flight per worker, over a few connections.
// What it costs by itself is measured against a server that does nothing. Prints one line of JSON.
//
//     node load-client.ts <port> <put|get|txn-update> <workers> <milliseconds>

import {
  PutRequest,
  PutResponse,
  RangeRequest,
  TxnRequest,
  TxnResponse,
} from '../../server/kube/store/etcd-door/messages.ts'
import { GrpcConnection } from './grpc-connection.ts'

const CONNECTIONS = 4
const KEYS_PER_WORKER = 100

const [port = '', operation = '', workersText = '', millisecondsText = ''] = process.argv.slice(2)
const workers = Number(workersText)
const value = Buffer.alloc(1024, 'v')

type Once = (connection: GrpcConnection, worker: number, round: number) => Promise<unknown>

const keyOf = (worker: number, round: number) => Buffer.from(`/bench/${worker}-${round % KEYS_PER_WORKER}`)
const lastRevision = new Map<string, number>()

async function put(connection: GrpcConnection, worker: number, round: number): Promise<number> {
  const message = PutRequest.encode({ key: keyOf(worker, round), value })
  return PutResponse.decode(await connection.call('/etcdserverpb.KV/Put', message)).header?.revision ?? 0
}

async function txnUpdate(connection: GrpcConnection, worker: number, round: number): Promise<void> {
  const key = keyOf(worker, round)
  const known = lastRevision.get(key.toString()) ?? (await put(connection, worker, round))
  const message = TxnRequest.encode({
    compare: [
      {
        result: 0,
        target: 2,
        key,
        mod_revision: known,
        version: undefined,
        create_revision: undefined,
        value: undefined,
        lease: undefined,
        range_end: Buffer.alloc(0),
      },
    ],
    success: [
      {
        request_put: { key, value, lease: 0n, prev_kv: false, ignore_value: false, ignore_lease: false },
        request_range: undefined,
        request_delete_range: undefined,
        request_txn: undefined,
      },
    ],
    failure: [],
  })
  const response = TxnResponse.decode(await connection.call('/etcdserverpb.KV/Txn', message))
  if (!response.succeeded) throw new Error('lost an update that nobody else makes')
  lastRevision.set(key.toString(), response.header?.revision ?? 0)
}

const operations: Record<string, Once> = {
  put,
  get: (connection, worker) =>
    connection.call('/etcdserverpb.KV/Range', RangeRequest.encode({ key: keyOf(worker, 0) })),
  'txn-update': txnUpdate,
}
const once = operations[operation]
if (!once) throw new Error(`no operation ${operation}`)

const connections = Array.from({ length: Math.min(CONNECTIONS, workers) }, () => new GrpcConnection(Number(port)))
await Promise.all(connections.map((connection, worker) => put(connection, worker, 0)))
const latencies: number[] = []
let end = performance.now() + 300

async function work(worker: number): Promise<void> {
  const connection = connections[worker % connections.length] as GrpcConnection
  for (let round = 0; performance.now() < end; round++) {
    const start = performance.now()
    await once!(connection, worker, round)
    latencies.push(performance.now() - start)
  }
}
const everybody = () => Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)))

// The first third of a second only warms up: both sides compile what they are about to do often.
await everybody()
latencies.length = 0
process.stdout.write('warm\n')
await new Promise((resolve) => process.stdin.once('data', resolve))

const cpuBefore = process.cpuUsage()
const start = performance.now()
end = start + Number(millisecondsText)
await everybody()
const seconds = (performance.now() - start) / 1000
const cpu = process.cpuUsage(cpuBefore)
latencies.sort((a, b) => a - b)
const at = (share: number) => latencies[Math.floor(share * (latencies.length - 1))]
process.stdout.write(
  `${JSON.stringify({ count: latencies.length, perSecond: latencies.length / seconds, p50: at(0.5), p99: at(0.99), clientCores: (cpu.user + cpu.system) / 1e6 / seconds })}\n`,
)
process.exit(0)
